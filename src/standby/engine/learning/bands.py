"""The present bands, as rules ask for them: worked out at the first look of a minute that asks, then looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from standby.domain.baseline import CHECK, ERRORS, INTEGRATION, LATENCY, METRICS, THROUGHPUT, Band, Series
from standby.domain.window import Window

_OF_WINDOWS = (LATENCY, ERRORS, THROUGHPUT)
_PREFIX = f"{METRICS}."


class Bands:
    """Bands by series; those of a rule's checks are put together once a minute. `newest` orders checks by their age."""

    def __init__(self, integration_of: Callable[[str], str], newest: Callable[[str], int]) -> None:
        self._integration_of = integration_of
        self._newest = newest
        self._learned: Callable[[], Mapping[Series, Band]] = dict
        self._bands: Mapping[Series, Band] | None = None  # nobody has asked yet
        self._of_check: dict[str, dict[str, Band]] = {}
        self._pools: dict[tuple[str, ...], dict[str, Band]] = {}
        self._usual: dict[tuple[str, ...], Mapping[str, Any]] = {}

    def put(self, learned: Callable[[], Mapping[Series, Band]]) -> None:
        """What this answers holds from now on; it is asked once, if anybody wants to know."""
        self._learned, self._bands = learned, None
        self._of_check, self._pools, self._usual = {}, {}, {}

    def usual(self, checks: Sequence[str]) -> Mapping[str, Any]:
        """What is usual for these checks together; what is not learned is left out."""
        key = tuple(checks)
        found = self._usual.get(key)
        if found is None:
            pool = self._pool(key)
            metrics = {name: band.usual for name, band in self._metrics(key).items()}
            found = self._usual[key] = {metric: band.usual for metric, band in pool.items()} | {METRICS: metrics}
        return found

    def deviation(self, checks: Sequence[str], window: Window, metrics: Mapping[str, float]) -> Mapping[str, Any]:
        """How far the window's figures and the newest metrics are from that, in standard deviations."""
        key = tuple(checks)
        found: dict[str, Any] = {}
        for metric, band in self._pool(key).items():
            value: float | None = getattr(window, metric)
            if value is not None:
                found[metric] = band.deviation(value)
        bands = self._metrics(key)
        found[METRICS] = {name: bands[name].deviation(value) for name, value in metrics.items() if name in bands}
        return found

    def _known(self) -> Mapping[Series, Band]:
        if self._bands is None:
            self._bands = self._learned()
            for series, band in self._bands.items():
                if series.metric.startswith(_PREFIX):
                    self._of_check.setdefault(series.name, {})[series.metric.removeprefix(_PREFIX)] = band
        return self._bands

    def _pool(self, checks: tuple[str, ...]) -> dict[str, Band]:
        found = self._pools.get(checks)
        if found is None:
            subject = f"{CHECK}{checks[0]}" if len(checks) == 1 else f"{INTEGRATION}{self._integration_of(checks[0])}"
            known = self._known()
            bands = {metric: known.get(Series(subject, metric)) for metric in _OF_WINDOWS}
            found = self._pools[checks] = {metric: band for metric, band in bands.items() if band is not None}
        return found

    def _metrics(self, checks: tuple[str, ...]) -> Mapping[str, Band]:
        """Where two checks have a metric of one name, that of the newer look, as its value is."""
        self._known()
        if len(checks) == 1:
            return self._of_check.get(checks[0], {})
        found: dict[str, Band] = {}
        for check in sorted(checks, key=self._newest):
            found.update(self._of_check.get(check, {}))
        return found
