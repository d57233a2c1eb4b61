"""One frozen picture of the store, and how it is brought up to date by the rows that are newer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, TypeVar

from standby.console.estate import Estate, estate_of
from standby.domain.observation import Observation
from standby.domain.outcome import AlertState
from standby.domain.review import Figures, Review
from standby.domain.silence import Silence
from standby.link.protocol import CommandKind, Status, Welcome
from standby.store.baselines import BaselineRow
from standby.store.escalations import EscalationRow, NotificationRow
from standby.store.failovers import FailoverRow, RouteStateRow
from standby.store.rows import (
    AlertRow,
    AuditRow,
    Changes,
    CheckStateRow,
    ConfigRow,
    EngineRow,
    GapRow,
    IntegrationStateRow,
)

if TYPE_CHECKING:
    from standby.domain.history import History

_Key = TypeVar("_Key", str, int)
_Row = TypeVar("_Row")

KEPT_RESOLVED = 200
KEPT_AUDITS = 500
KEPT_GAPS = 50
KEPT_NOTIFICATIONS = 4_000
KEPT_SILENCES = 400

Series = Sequence[tuple[int, float | None]]
"""Minutes of one check: (start of the minute, mean latency in ms or `None`)."""


@dataclass(frozen=True, slots=True)
class Link:
    """How this console and the engine stand to each other."""

    connected: bool = False
    welcome: Welcome | None = None
    held: bool | None = None  # whether a process holds the store's lock; None: not looked yet
    holder: int = 0  # its process id, when known
    starting: bool = False  # a companion was started and has not answered yet
    reason: str = ""  # why no companion can be started: one line
    trouble: str = ""  # what the engine itself says is wrong, heard over the socket
    doubted: bool = False  # the heartbeat in the store is late: the engine is asked itself

    @property
    def refusal(self) -> str:
        """Why this person may not act; empty when they may, or when nobody has said yet."""
        if self.welcome is not None and not self.welcome.may_act:
            return self.welcome.refusal or "the engine does not take commands from you"
        return ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A command of this console, until the store shows what came of it."""

    id: str
    kind: CommandKind
    alert: int | None
    integration: str | None
    at: int
    status: Status | None = None  # None: no receipt yet
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pane:
    """The detail of one integration, read in a thread when it is looked at."""

    integration: str = ""
    observations: Sequence[Observation] = ()
    alerts: Sequence[AlertRow] = ()
    audits: Sequence[AuditRow] = ()
    series: Mapping[str, Series] = field(default_factory=dict)
    usual: Sequence[BaselineRow] = ()
    failed: str = ""
    loaded: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """A history that a screen wants; `window` is one of `domain.history.WINDOWS`, `step` the ns of a column."""

    integration: str
    window: str
    step: int


@dataclass(frozen=True, slots=True)
class Past:
    """The history that was read last, in a thread; `wanted` says which, `at` when. A failed reading keeps the old."""

    wanted: Wanted | None = None
    history: History | None = None
    at: int = 0
    failed: str = ""
    usual: BaselineRow | None = None  # what is usual of the latency that the chart draws


Span = tuple[int, int | None]
"""From when to when, ns since 1970; the end is `None` when it is years away."""


@dataclass(frozen=True, slots=True)
class Coming:
    """When each maintenance window of a configuration is on next; `over` is when that is to be found out again."""

    digest: str = ""
    spans: Mapping[str, Sequence[Span]] = field(default_factory=dict)  # by window; the one that is on is the first
    zones: Mapping[str, tzinfo] = field(default_factory=dict)  # by window; missing: this machine does not know it
    over: int | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """What the rules did of late, read in a thread when it is looked at; `rules` as the configuration has them."""

    figures: Sequence[Figures] = ()  # the worst first
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    days: int = 90
    silent: int = 0  # rules of templates that did not fire, which are not among them
    failed: str = ""
    loaded: bool = False


@dataclass(frozen=True, slots=True)
class Suggested:
    """Another setting for a rule that is looked at: not `done` while it is sought, without a `diff` there is none.

    `asked`: the engine was asked to write it.
    """

    done: bool = False
    text: str = ""
    diff: Sequence[str] = ()
    change: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""
    failed: str = ""
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the screen speaks of. `seq` is the store's; 0 before the first read."""

    seq: int = 0
    estate: Estate = field(default_factory=Estate)
    engine: EngineRow | None = None
    config: ConfigRow | None = None
    checks: Mapping[str, CheckStateRow] = field(default_factory=dict)
    integrations: Mapping[str, IntegrationStateRow] = field(default_factory=dict)
    alerts: Mapping[int, AlertRow] = field(default_factory=dict)
    audits: Sequence[AuditRow] = ()  # oldest first
    gaps: Sequence[GapRow] = ()
    failovers: Mapping[int, FailoverRow] = field(default_factory=dict)
    routes: Mapping[str, RouteStateRow] = field(default_factory=dict)
    escalations: Mapping[int, EscalationRow] = field(default_factory=dict)  # by id
    notifications: Mapping[int, NotificationRow] = field(default_factory=dict)
    silences: Mapping[int, Silence] = field(default_factory=dict)  # the newest, over or not
    series: Mapping[str, Series] = field(default_factory=dict)
    series_at: int = 0  # the instant up to which the series are: sparklines move when these do, once a minute
    link: Link = field(default_factory=Link)
    sent: Mapping[str, Sent] = field(default_factory=dict)
    pane: Pane = field(default_factory=Pane)
    past: Past = field(default_factory=Past)
    coming: Coming = field(default_factory=Coming)
    reviews: Mapping[str, Review] = field(default_factory=dict)  # by rule
    book: Book = field(default_factory=Book)
    store_trouble: str = ""  # why the store cannot be read, one line; what is shown is the last that could
    read_only: bool = False

    def open_alerts(self) -> list[AlertRow]:
        """Everything that is not resolved."""
        return [alert for alert in self.alerts.values() if alert.state is not AlertState.RESOLVED]

    def firing(self, integration: str | None = None) -> list[AlertRow]:
        """Firing alerts that nobody has acknowledged, of one integration or of all."""
        return [
            alert
            for alert in self.alerts.values()
            if alert.state is AlertState.FIRING and integration in (None, alert.integration)
        ]


def merge(snapshot: Snapshot, changes: Changes, *, whole: bool) -> Snapshot:
    """`snapshot` brought up to date; `whole` when `changes` is all that is present, not only what is newer."""
    config = changes.config or (None if whole else snapshot.config)
    estate = snapshot.estate if changes.config is None else estate_of(changes.config, snapshot.estate)
    alerts = {} if whole else dict(snapshot.alerts)
    alerts.update((alert.id, alert) for alert in changes.alerts)
    return replace(
        snapshot,
        seq=changes.seq,
        estate=estate,
        config=config,
        engine=changes.engine or (None if whole else snapshot.engine),
        checks=_updated({} if whole else snapshot.checks, {row.check_id: row for row in changes.check_states}),
        integrations=_updated(
            {} if whole else snapshot.integrations, {row.integration: row for row in changes.integration_states}
        ),
        alerts=_pruned(alerts) if changes.alerts or whole else snapshot.alerts,
        audits=_newest(() if whole else snapshot.audits, changes.audits),
        gaps=_gaps(() if whole else snapshot.gaps, changes.gaps),
        failovers=_updated({} if whole else snapshot.failovers, {row.id: row for row in changes.failovers}),
        routes=_updated({} if whole else snapshot.routes, {row.route: row for row in changes.route_states}),
        escalations=_updated({} if whole else snapshot.escalations, {row.id: row for row in changes.escalations}),
        notifications=_told(snapshot, changes, whole=whole),
        reviews=_updated({} if whole else snapshot.reviews, {row.rule: row for row in changes.reviews}),
        silences=_silences(snapshot, changes, whole=whole),
        store_trouble="",
    )


def only_heartbeat(before: Snapshot, after: Snapshot) -> bool:
    """Whether nothing but the engine's heartbeat moved, so that only the header can look different."""
    still = replace(after, seq=before.seq, engine=before.engine)
    return still == before


def _updated(rows: Mapping[_Key, _Row], newer: Mapping[_Key, _Row]) -> Mapping[_Key, _Row]:
    return {**rows, **newer} if newer else rows


def _told(snapshot: Snapshot, changes: Changes, *, whole: bool) -> Mapping[int, NotificationRow]:
    rows = _updated({} if whole else snapshot.notifications, {row.id: row for row in changes.notifications})
    return rows if len(rows) <= KEPT_NOTIFICATIONS else dict(sorted(rows.items())[-KEPT_NOTIFICATIONS // 2 :])


def _silences(snapshot: Snapshot, changes: Changes, *, whole: bool) -> Mapping[int, Silence]:
    rows = _updated({} if whole else snapshot.silences, {row.id: row for row in changes.silences})
    return rows if len(rows) <= KEPT_SILENCES else dict(sorted(rows.items())[-KEPT_SILENCES // 2 :])


def _pruned(alerts: Mapping[int, AlertRow]) -> Mapping[int, AlertRow]:
    ended = sorted(number for number, alert in alerts.items() if alert.state is AlertState.RESOLVED)
    fired = [number for number in ended if alerts[number].fired_at is not None]
    gone = {*ended} - {*fired[-KEPT_RESOLVED:]}  # what ended before it fired was never told to anybody
    return {number: alert for number, alert in alerts.items() if number not in gone}


def _newest(audits: Sequence[AuditRow], newer: Iterable[AuditRow]) -> Sequence[AuditRow]:
    last = audits[-1].no if audits else 0
    fresh = [row for row in newer if row.no > last]
    return (*audits, *fresh)[-KEPT_AUDITS:] if fresh else audits


def _gaps(gaps: Sequence[GapRow], newer: Sequence[GapRow]) -> Sequence[GapRow]:
    if not newer:
        return gaps
    merged = {gap.from_at: gap for gap in (*gaps, *newer)}
    return tuple(merged[at] for at in sorted(merged))[-KEPT_GAPS:]
