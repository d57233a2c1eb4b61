"""Alerts and silences as Alertmanager's API v2 tells them, of versions with and without the newer fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from standby.checks.answers import Document, Reply
from standby.checks.api import accepted, unreadable
from standby.checks.documents import rows, table, text
from standby.checks.instants import instant
from standby.checks.monitors import Stage, TheirAlert, alert_of, listed
from standby.domain.matchers import Matcher
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.trouble import Trouble

_STAGES = {"active": Stage.FIRING, "unprocessed": Stage.PENDING}
_MOST_SILENCES = 2_000


@dataclass(frozen=True, slots=True)
class SilenceMatcher:
    """One condition of a silence; a pattern is theirs and never tried here."""

    name: str
    value: str
    regex: bool
    equal: bool

    def __str__(self) -> str:
        sign = ("=" if self.equal else "!") + ("~" if self.regex else "" if self.equal else "=")
        return f'{self.name}{sign}"{self.value}"'

    def excludes(self, matcher: Matcher) -> bool:
        """Whether nothing that `matcher` accepts can be silenced by this; False when it cannot be told."""
        if matcher.name != self.name or matcher.regex or self.regex or not matcher.equal:
            return False
        return (self.value == matcher.value) is not self.equal


@dataclass(frozen=True, slots=True)
class Silence:
    """One silence. `ends` is ns since 1970, None when nobody can tell; all texts are cleaned."""

    id: str
    state: str
    ends: int | None
    matchers: tuple[SilenceMatcher, ...]
    by: str
    comment: str

    def concerns(self, chosen: Sequence[Matcher]) -> bool:
        """Whether it may silence something of what is chosen."""
        return not any(mine.excludes(theirs) for mine in self.matchers for theirs in chosen)

    def line(self) -> str:
        """For a person: `job="crm" by anna: maintenance`."""
        return f"{', '.join(map(str, self.matchers))} by {self.by or 'nobody'}: {self.comment or 'without a comment'}"


def documented(reply: Reply) -> Document:
    """The document of a good answer. Raises Trouble, `unknown`, also for an Alertmanager without the API v2."""
    if reply.status in (404, 405) and not reply.text.lstrip().startswith("{"):
        why = f"there is no API v2 of an Alertmanager here: status {reply.status}; is it older than 0.16?"
        raise Trouble(Failure.REQUEST, why, Outcome.UNKNOWN)
    document = accepted(reply).document
    if isinstance(document, dict) and "status" in document:
        raise unreadable("the answer has the form of the API v1, which Alertmanager dropped; ask one of 0.16 or later")
    return document


def alerts(document: Document) -> list[TheirAlert]:
    """The alerts of `/alerts`. Raises Trouble, `unknown`. When they end is not looked at: it moves while they are."""
    return [alert_of(entry, _stage(table(table(entry).get("status")))) for entry in listed(document, "alerts")]


def silences(document: Document) -> list[Silence]:
    """The silences of `/silences`, expired ones too. Raises Trouble, `unknown`."""
    return [_silence(entry) for entry in rows(listed(document, "silences"))[:_MOST_SILENCES]]


def _stage(status: Document) -> Stage:
    state = status.get("state")
    if state != "suppressed":
        return _STAGES.get(state, Stage.STRANGE) if isinstance(state, str) else Stage.STRANGE
    # `mutedBy`, since 0.28, names the time intervals that mute it.
    silenced = status.get("silencedBy") or status.get("mutedBy")
    return Stage.INHIBITED if status.get("inhibitedBy") and not silenced else Stage.SILENCED


def _silence(entry: Document) -> Silence:
    return Silence(
        id=text(entry.get("id"), 64),
        state=text(table(entry.get("status")).get("state"), 40),
        ends=instant(entry.get("endsAt")),
        matchers=tuple(_matcher(one) for one in rows(entry.get("matchers"))[:20]),
        by=text(entry.get("createdBy"), 80),
        comment=text(entry.get("comment"), 120),
    )


def _matcher(entry: Document) -> SilenceMatcher:
    return SilenceMatcher(
        text(entry.get("name"), 100),
        text(entry.get("value"), 100),
        regex=entry.get("isRegex") is True,
        equal=entry.get("isEqual") is not False,
    )
