"""Alerts that another monitor raised: chosen by their labels, judged by their severity.

What Prometheus, Alertmanager and Grafana share. A word that nobody knows is never good news, and what a monitor cannot
tell (no data, a rule in error) is `unknown`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, Field

from standby.checks.answers import Document
from standby.checks.api import ApiModel, Finding, unreadable
from standby.config.fields import Url
from standby.domain.matchers import Matcher, match_all, parse_matcher
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome, worst
from standby.domain.text import clean

SHOWN = 3
"""So many alerts, rules or targets a message names; the others are counted."""
_MOST_LABELS, _LABEL_LIMIT, _SUMMARY_LIMIT = 64, 200, 120
_SEVERITIES = {
    "critical": Outcome.DOWN,
    "page": Outcome.DOWN,
    "warning": Outcome.DEGRADED,
    "info": Outcome.UP,
    "none": Outcome.UP,
}
_VERSIONS = ("/api/v1", "/api/v2")


def _matcher(text: str) -> str:
    parse_matcher(text)
    return text


def _lower(severities: dict[str, Outcome]) -> dict[str, Outcome]:
    return {word.lower(): outcome for word, outcome in severities.items()}


MatcherText = Annotated[str, AfterValidator(_matcher)]
"""A matcher as Alertmanager writes it; read it again with `parse_matcher`."""
Judged = Literal[Outcome.UP, Outcome.DEGRADED, Outcome.DOWN]
Severities = Annotated[dict[str, Judged], AfterValidator(_lower)]


class MonitorModel(ApiModel):
    """What every monitor has: where it is, which of its alerts count, and what they mean."""

    url: Url = Field(description="its address without `/api/...`: `https://prometheus.example`")
    matchers: tuple[MatcherText, ...] = Field(
        default=(), max_length=20, description='only what has these labels: `severity="critical"`, `job=~"pay.*"`'
    )
    severity_label: str = Field(default="severity", min_length=1, description="the label that says how bad an alert is")
    severities: Severities = Field(
        default={},
        description="what an alert of a severity means: critical and page are `down`, warning is `degraded`, "
        "info and none are `up`; any other that is not named here is `degraded`",
    )
    unlabelled: Judged = Field(default=Outcome.DEGRADED, description="what an alert without that label means")

    def chosen(self) -> list[Matcher]:
        """The matchers, read."""
        return [parse_matcher(text) for text in self.matchers]


class Stage(StrEnum):
    """How far one alert of a monitor is."""

    FIRING = "firing"
    PENDING = "pending"
    SILENCED = "silenced"
    INHIBITED = "inhibited"
    QUIET = "quiet"
    UNDECIDED = "without data"  # the monitor itself cannot tell
    STRANGE = "in a state that is not known here"


@dataclass(frozen=True, slots=True)
class TheirAlert:
    """One alert as its monitor tells it; `summary` is a clean line for a person. Without labels no matcher drops it."""

    labels: Mapping[str, str]
    stage: Stage
    summary: str = ""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.labels.get("alertname") or self.labels.get("rulename") or "an alert without a name"


def endpoint(url: str, path: str) -> str:
    """The address of an API below the address that was written, with or without its version."""
    parts = urlsplit(url)
    base = parts.path.rstrip("/")
    for version in _VERSIONS:
        base = base.removesuffix(version)
    return urlunsplit(parts._replace(path=base + path))


def labels_of(found: Document) -> dict[str, str]:
    """Labels or annotations, cleaned; what is no text of a name is left out."""
    if not isinstance(found, dict):
        return {}
    texts = [(name, text) for name, text in found.items() if isinstance(name, str) and isinstance(text, str)]
    return {clean(name, _LABEL_LIMIT): clean(text, _LABEL_LIMIT) for name, text in texts[:_MOST_LABELS]}


def summary_of(annotations: Document) -> str:
    """The annotation that is meant for people, cleaned; empty when there is none."""
    known = annotations if isinstance(annotations, dict) else {}
    found = (known.get(name) for name in ("summary", "title", "message", "description"))
    return clean(next((one for one in found if isinstance(one, str) and one), ""), _SUMMARY_LIMIT)


def alert_of(entry: Document, stage: Stage) -> TheirAlert:
    """An alert with its labels; `STRANGE` without any when it has another form."""
    labels = labels_of(entry.get("labels")) if isinstance(entry, dict) else {}
    if not labels:
        return TheirAlert({}, Stage.STRANGE)
    return TheirAlert(labels, stage, summary_of(entry.get("annotations")))


def chosen(alerts: Iterable[TheirAlert], matchers: Sequence[Matcher]) -> list[TheirAlert]:
    """Those that the matchers accept, and those that nobody can tell."""
    return [alert for alert in alerts if not alert.labels or match_all(matchers, alert.labels)]


def listed(found: Document, what: str) -> list[Document]:
    """A list that everything depends on. Raises Trouble, `unknown`, when it is none."""
    if not isinstance(found, list):
        raise unreadable(f"the answer has no list of {what}")
    return found


def judge(alerts: Sequence[TheirAlert], model: MonitorModel, *, silenced: Outcome = Outcome.UP) -> Finding:
    """What all these alerts together mean; `silenced` is what one means that would count if nobody had silenced it."""
    judged = [(_outcome(alert, model, silenced), alert) for alert in alerts]
    counts = Counter(alert.stage for alert in alerts)
    outcome = worst([Outcome.UP, *(one for one, _ in judged)])
    metrics = {f"alerts_{stage.name.lower()}": float(counts[stage]) for stage in Stage if stage is not Stage.QUIET}
    return Finding(
        outcome,
        _message(judged, counts, model.severity_label),
        None if outcome is Outcome.UP else Failure.STATED,
        metrics,
    )


def severity_of(alert: TheirAlert, model: MonitorModel) -> Outcome:
    """What it means when it fires."""
    word = alert.labels.get(model.severity_label, "").lower()
    if not word:
        return Outcome(model.unlabelled)
    return Outcome(model.severities.get(word) or _SEVERITIES.get(word, Outcome.DEGRADED))


def several(lines: Sequence[str], most: int = SHOWN, *, of: int | None = None) -> str:
    """The first few of many (of `of`, when not all of them were put in words), and how many more: one line."""
    count = len(lines) if of is None else of
    return "; ".join(lines[:most]) + (f" and {count - most} more" if count > most else "")


def _outcome(alert: TheirAlert, model: MonitorModel, silenced: Outcome) -> Outcome:
    means = severity_of(alert, model)
    if alert.stage is Stage.FIRING:
        return means
    if alert.stage is Stage.PENDING:
        return min(means, Outcome.DEGRADED, key=lambda outcome: outcome.badness)
    if alert.stage is Stage.SILENCED:
        return Outcome.UP if means is Outcome.UP else silenced
    fixed = {Stage.UNDECIDED: Outcome.UNKNOWN, Stage.STRANGE: Outcome.DEGRADED}
    return fixed.get(alert.stage, Outcome.UP)


def _message(judged: Sequence[tuple[Outcome, TheirAlert]], counts: Mapping[Stage, int], label: str) -> str:
    counted = (Stage.FIRING, Stage.PENDING, Stage.UNDECIDED, Stage.STRANGE)
    open_ = [(outcome, alert) for outcome, alert in judged if alert.stage in counted]
    open_.sort(key=lambda one: (-one[0].badness, counted.index(one[1].stage)))
    lines = [_line(alert, label) for _, alert in open_[:SHOWN]]
    parts = [several(lines, of=len(open_))] if open_ else ["no alert fires"]
    aside = [f"{counts[stage]} {stage.value}" for stage in (Stage.SILENCED, Stage.INHIBITED) if counts[stage]]
    if aside:
        names = list(
            dict.fromkeys(alert.name for _, alert in judged if alert.stage in (Stage.SILENCED, Stage.INHIBITED))
        )
        parts.append(f"{' and '.join(aside)}, not counted: {several(names)}")
    return "; ".join(parts)


def _line(alert: TheirAlert, label: str) -> str:
    severity = alert.labels.get(label, "")
    said = alert.summary or shown(alert.labels)
    name = f"{alert.name} ({severity})" if severity else alert.name
    return f"{name} {alert.stage.value}" + (f": {said}" if said else "")


def shown(labels: Mapping[str, str]) -> str:
    """Labels that tell one thing from its like: `{instance="web1", job="shop"}`."""
    left = [(name, text) for name, text in sorted(labels.items()) if name not in ("alertname", "severity", "__name__")]
    inside = ", ".join(f'{name}="{text}"' for name, text in left[:SHOWN])
    return clean(f"{{{inside}{', …' if len(left) > SHOWN else ''}}}", _SUMMARY_LIMIT) if left else ""
