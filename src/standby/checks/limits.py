"""What vendors say in headers about how often we may ask, as metrics."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from standby.checks.documents import number


def figures(headers: httpx.Headers, names: Mapping[str, str]) -> dict[str, float]:
    """The metrics whose header is there with a number: `names` maps a metric to its header."""
    found = {metric: number(headers.get(header)) for metric, header in names.items()}
    return {metric: figure for metric, figure in found.items() if figure is not None}
