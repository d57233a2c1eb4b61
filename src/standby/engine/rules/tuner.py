"""Changing one setting of a rule in the configuration file: written down before the file is, and after.

The file belongs to its user: one key of one rule is changed, what was shown is what is written, and a running engine
takes it over as it does every change of its files.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from standby.config.entries import Kinds
from standby.config.tunable import Change
from standby.domain.text import clean
from standby.engine.deeds import Deed, Person, RefusedError, write_down
from standby.engine.recorder import Recorder
from standby.engine.rules.reviews import key_of, named_rule
from standby.engine.timeline import Timeline
from standby.link.protocol import Command
from standby.store.rows import AuditRow

if TYPE_CHECKING:
    from standby.config.whole import Config

_KIND = "tune"


class Tuner:
    """Grants wishes for other settings. `config` gives the configuration in force, `kinds` what it is read with."""

    def __init__(
        self, timeline: Timeline, recorder: Recorder, config: Callable[[], Config], kinds: Callable[[], Kinds]
    ) -> None:
        self._timeline = timeline
        self._recorder = recorder
        self._config = config
        self._kinds = kinds

    async def tune(self, command: Command, person: Person) -> Deed:
        """Change the file. The same wish twice changes it once; raises RefusedError, and NotNowError when it cannot be
        written down: then the file is as it was."""
        from standby.config.edit import EditError, apply, edit_rule

        config, args = self._config(), command.args
        rule = named_rule(config, args.get("rule"))
        change = Change(str(args.get("key")), str(args.get("value")), int(args.get("at") or 0))
        subject, now = f"rule:{key_of(rule)}", self._timeline.now()
        try:
            keys = change.keys(rule)
            edit = await asyncio.to_thread(edit_rule, config, rule, keys)
        except (EditError, ValueError) as error:
            raise RefusedError(str(error)) from None
        said = clean(", ".join(f'{key} = "{value}"' for key, value in keys.items()) + f" in {edit.path.name}")
        if edit.after == edit.before:
            return Deed(_KIND, subject, f"{said} already", answer=f"{said} is so already")
        if edit.digest != args.get("digest"):
            raise RefusedError(f"{edit.path.name} would not change as it was shown; look at it again")
        wish = AuditRow(now, person.name, person.origin, _KIND, subject, f"sets {said}", command.id)
        await write_down(self._recorder, wish)
        try:
            await asyncio.to_thread(apply, edit, config, self._kinds())
        except EditError as error:
            raise RefusedError(str(error)) from None
        return Deed(_KIND, subject, f"set {said}", answer=f"{said}; taken over within seconds")
