"""One engine's time in office: who it is, its number, what its row in the store says of it."""

from __future__ import annotations

from dataclasses import dataclass

from standby.engine.timeline import Timeline
from standby.store.rows import EngineRow


@dataclass(frozen=True, slots=True)
class Identity:
    """Which process this is."""

    kind: str  # service | companion
    pid: int
    host: str
    user: str
    version: str


class Term:
    """`fence` is the number that the store gave (0 before the start), `state` starting | running | stopped."""

    def __init__(self, identity: Identity, timeline: Timeline) -> None:
        self.identity = identity
        self.fence = 0
        self.state = "starting"
        self._timeline = timeline
        self._began = timeline.monotonic()

    @property
    def lasted(self) -> int:
        """For how long, ns of the monotonic clock."""
        return self._timeline.monotonic() - self._began

    def row(self, *, digest: str, lag_ms: float, blind_since: int | None, trouble: str) -> EngineRow:
        """The engine's row now. `digest` is of the configuration in force."""
        identity = self.identity
        return EngineRow(
            fence=self.fence,
            kind=identity.kind,
            pid=identity.pid,
            host=identity.host,
            user=identity.user,
            version=identity.version,
            config_digest=digest,
            started_at=self._timeline.instant_at(self._began),
            heartbeat_at=self._timeline.now(),
            state=self.state,
            lag_ms=round(lag_ms, 1),
            blind_since=blind_since,
            trouble=trouble,
        )
