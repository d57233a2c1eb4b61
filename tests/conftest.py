"""For all tests: a slow machine is no failing example."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("standby", deadline=None)  # how long an example takes says nothing about right and wrong
settings.load_profile("standby")
