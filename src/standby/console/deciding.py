"""What a person decides about what was learned: the present is the new normal, or a period teaches nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standby.console.edit import EditLine
from standby.console.keys import Situation
from standby.console.prompt import Prompt
from standby.domain.baseline import CHECK
from standby.link.protocol import CommandKind

if TYPE_CHECKING:
    from standby.console.app import ConsoleApp


def accept(app: ConsoleApp, situation: Situation) -> None:
    """Nothing is sent before enter; why is written down with it."""
    args = _about(situation)
    name = " ".join(args.values())

    def send(why: str) -> None:
        app.send(CommandKind.BASELINE_ACCEPT, args | ({"comment": why} if why else {}), name)

    app.ask(Prompt(f"the present is the new normal of {name}; enter accepts, why (may be empty)", send, EditLine()))


def exclude(app: ConsoleApp, situation: Situation) -> None:
    """From when the trouble began until it ended, or now; the reason is needed."""
    args, row, alert = _about(situation), situation.learned(), situation.alert()
    starts = alert.since if alert is not None else row.since if row is not None else None
    if starts is None:
        return
    ends = (alert.resolved_at if alert is not None else None) or app.setup.clock.now()
    name = " ".join(args.values())

    def send(why: str) -> None:
        if why:
            app.send(CommandKind.BASELINE_EXCLUDE, args | {"starts": starts, "ends": ends, "comment": why}, name)

    app.ask(Prompt(f"nothing is learned of {name} from this trouble, which was", send, EditLine()))


def _about(situation: Situation) -> dict[str, Any]:
    """A series, a check, or all of an integration, as the command names them."""
    row, check = situation.learned(), situation.check()
    if row is not None:
        kind = "check" if row.series.subject.startswith(CHECK) else "integration"
        return {kind: row.series.name, "metric": row.series.metric}
    return {"check": check.id} if check is not None else {"integration": situation.meant() or ""}
