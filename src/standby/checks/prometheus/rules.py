"""Rules as Prometheus tells them, and Grafana in the same form: their state, their health, their alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from standby.checks.answers import Document
from standby.checks.api import unreadable
from standby.checks.monitors import Stage, TheirAlert, alert_of, chosen, labels_of, listed, summary_of
from standby.domain.matchers import Matcher, match_all
from standby.domain.text import clean

_STAGES = {
    "firing": Stage.FIRING,
    "alerting": Stage.FIRING,
    "pending": Stage.PENDING,
    "recovering": Stage.PENDING,
    "inactive": Stage.QUIET,
    "normal": Stage.QUIET,
    "nodata": Stage.UNDECIDED,
    "error": Stage.UNDECIDED,
}
_HARMLESS = frozenset({"missingseries", "updated", "ruledeleted", "keeplast"})
_UNCLEAR = (Stage.UNDECIDED, Stage.STRANGE)
_BLIND = frozenset({"nodata", "error", "paused"})


@dataclass(frozen=True, slots=True)
class TheirRule:
    """One rule. `broken` says why its state cannot be trusted; empty when it can. `stage` is None for a recording."""

    labels: Mapping[str, str]  # with `alertname` and `rulegroup`
    stage: Stage | None
    broken: str
    summary: str = ""
    alerts: tuple[TheirAlert, ...] = ()

    @property
    def name(self) -> str:
        """What people call it."""
        return self.labels.get("alertname", "a rule without a name")


def stage_of(word: Document) -> Stage:
    """`firing`, and Grafana's `Alerting`, `Normal (NoData)`: the state of what it cannot see is not known."""
    if not isinstance(word, str):
        return Stage.STRANGE
    base, _, behind = word.lower().partition("(")
    reasons = {reason.strip() for reason in behind.rstrip(") ").split(",") if reason.strip()}
    if reasons & _BLIND:
        return Stage.UNDECIDED
    if reasons - _HARMLESS:
        return Stage.STRANGE
    return _STAGES.get(base.strip().replace(" ", ""), Stage.STRANGE)


def alerts(data: Document) -> list[TheirAlert]:
    """The alerts of `/alerts`. Raises Trouble, `unknown`."""
    return [_alert(entry) for entry in listed(data.get("alerts") if isinstance(data, dict) else None, "alerts")]


def rules(data: Document) -> list[TheirRule]:
    """The rules of all groups of `/rules`. Raises Trouble, `unknown`."""
    groups = listed(data.get("groups") if isinstance(data, dict) else None, "groups of rules")
    found = []
    for group in groups:
        if not isinstance(group, dict):
            raise unreadable("a group of rules is not an object")
        name = clean(str(group.get("name") or ""), 200)
        found += [_rule(entry, name) for entry in listed(group.get("rules"), "rules in a group")]
    return found


def judged(found: Iterable[TheirRule], matchers: Sequence[Matcher]) -> list[TheirAlert]:
    """The alerts that count of the rules that are chosen; a broken rule is one that nobody can tell."""
    return [alert for rule in chosen_rules(found, matchers) for alert in _alerts_of(rule, matchers)]


def chosen_rules(found: Iterable[TheirRule], matchers: Sequence[Matcher]) -> list[TheirRule]:
    """The rules that the matchers accept, by their own labels or by those of one of their alerts."""
    return [rule for rule in found if match_all(matchers, rule.labels) or chosen(rule.alerts, matchers)]


def _alerts_of(rule: TheirRule, matchers: Sequence[Matcher]) -> list[TheirAlert]:
    if rule.broken:
        return [TheirAlert(rule.labels, Stage.UNDECIDED, rule.broken)]
    if rule.stage is None:
        return []
    whole = match_all(matchers, rule.labels)
    loud = [
        alert for alert in (rule.alerts if whole else chosen(rule.alerts, matchers)) if alert.stage is not Stage.QUIET
    ]
    # A rule whose own word none of its alerts bears out speaks for itself.
    borne_out = rule.stage is Stage.QUIET or any(alert.stage in (rule.stage, *_UNCLEAR) for alert in loud)
    return loud if borne_out or not whole else [*loud, TheirAlert(rule.labels, rule.stage, rule.summary)]


def _alert(entry: Document) -> TheirAlert:
    return alert_of(entry, stage_of(entry.get("state")) if isinstance(entry, dict) else Stage.STRANGE)


def _rule(entry: Document, group: str) -> TheirRule:
    if not isinstance(entry, dict):
        raise unreadable("a rule is not an object")
    name = clean(str(entry.get("name") or ""), 200)
    labels = {**labels_of(entry.get("labels")), "rulegroup": group, **({"alertname": name} if name else {})}
    recording = entry.get("type") == "recording"
    found = entry.get("alerts")
    return TheirRule(
        labels=labels,
        stage=None if recording else stage_of(entry.get("state")),
        broken=_broken(entry),
        summary="" if recording else summary_of(entry.get("annotations")),
        alerts=tuple(map(_alert, found)) if isinstance(found, list) else (),
    )


def _broken(entry: Mapping[str, Document]) -> str:
    """Why a rule says nothing about what it watches: its `health` is not `ok`."""
    health, error = entry.get("health"), entry.get("lastError")
    said = f": {clean(error, 160)}" if isinstance(error, str) and error else ""
    if entry.get("isPaused") is True:  # Grafana
        return "the rule is paused"
    if health == "ok":
        return ""
    if health in ("err", "error"):
        return f"the rule is broken{said}"
    if health == "nodata":
        return f"the rule finds no data{said}"
    if health == "unknown":
        return f"the rule was not evaluated yet{said}"
    return f"the rule's health is {clean(repr(health), 40)}{said}"
