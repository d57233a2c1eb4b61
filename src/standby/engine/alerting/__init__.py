"""Alerts and their groups: from a rule that speaks to somebody who has it."""
