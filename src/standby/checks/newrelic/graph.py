"""NerdGraph's envelope: what is answered, what went wrong beside it, inside HTTP 200 as well. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from standby.checks.answers import Document
from standby.checks.api import unreadable
from standby.checks.documents import Table, every, first_text, table, text
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.trouble import Trouble

_FAILURES = {
    "TOO_MANY_REQUESTS": Failure.RATE_LIMITED,
    "TIMEOUT": Failure.SERVER,
    "INTERNAL_SERVER_ERROR": Failure.SERVER,
    "SERVER_ERROR": Failure.SERVER,
    "SERVICE_UNAVAILABLE": Failure.SERVER,
    "BAD_API_KEY": Failure.CREDENTIALS,
    "UNAUTHORIZED": Failure.CREDENTIALS,
    "UNAUTHENTICATED": Failure.CREDENTIALS,
    "FORBIDDEN": Failure.CREDENTIALS,
    "ACCESS_DENIED": Failure.CREDENTIALS,
}
_BUSY_S = 60.0  # NRQL is counted by the minute
_SAID = {
    Failure.RATE_LIMITED: "we ask too often",
    Failure.SERVER: "New Relic does not answer",
    Failure.CREDENTIALS: "our credentials are refused",
    Failure.REQUEST: "what we ask is refused",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One of the errors of an answer. `again`: another try at once may help."""

    failure: Failure
    message: str

    @property
    def again(self) -> bool:
        """Only where they stumbled; asking at once when asked too often makes it worse."""
        return self.failure is Failure.SERVER

    def trouble(self) -> Trouble:
        """As the end of a look."""
        wait = _BUSY_S if self.failure is Failure.RATE_LIMITED else None
        said = f"{_SAID[self.failure]}: {self.message}"
        return Trouble(self.failure, said, Outcome.UNKNOWN, retry_after_s=wait)


@dataclass(frozen=True, slots=True)
class Graph:
    """`data.actor` of an answer, empty when there is none, and the error that decides when it is not enough."""

    actor: Table
    fault: Fault | None

    @property
    def empty(self) -> bool:
        """Whether nothing was answered: GraphQL puts null where something failed."""
        return not _holds(self.actor)

    def lacking(self, what: str) -> Trouble:
        """The trouble of an answer without what was asked for."""
        return self.fault.trouble() if self.fault is not None else unreadable(f"the answer has no {what}")

    def partial(self, message: str) -> str:
        """`message`, and that there were errors beside what it says."""
        return message if self.fault is None else f"{message} (a partial answer: {self.fault.message})"


def graph(found: Document) -> Graph:
    """The parts of an answer. Raises Trouble for what is none."""
    if not isinstance(found, dict) or not ("data" in found or "errors" in found):
        raise unreadable("the answer is not NerdGraph's")
    faults = [_fault(error) for error in every(found.get("errors"))]
    faults.sort(key=lambda fault: fault.again)  # what another try does not mend is said first
    return Graph(table(table(found.get("data")).get("actor")), faults[0] if faults else None)


def _holds(found: object) -> bool:
    return any(_holds(one) for one in found.values()) if isinstance(found, dict) else found is not None


def _fault(error: Table) -> Fault:
    extensions = table(error.get("extensions"))
    word = first_text(extensions, "errorClass", "error_code", "code", limit=60)
    message = text(error.get("message")) or "no reason given"
    return Fault(_FAILURES.get(word.upper(), Failure.REQUEST), f"{message} ({word})" if word else message)
