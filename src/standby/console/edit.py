"""One line of typed text: what the prompt, the filter and the palette edit. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from standby.domain.text import clean

LONGEST = 500


@dataclass(frozen=True, slots=True)
class EditLine:
    """The text and where the cursor stands in it (0 to its length)."""

    text: str = ""
    at: int = 0

    def typed(self, text: str) -> EditLine:
        """With `text` put in at the cursor: control characters become spaces, the end is cut at 500 characters."""
        letters = "".join(letter if letter.isprintable() else " " for letter in text)
        if len(text) > 1:
            letters = clean(text, LONGEST)  # pasted
        whole = (self.text[: self.at] + letters + self.text[self.at :])[:LONGEST]
        return EditLine(whole, min(len(whole), self.at + len(letters)))

    def key(self, name: str) -> EditLine | None:
        """After an editing key; `None` when `name` (Textual's) is not one."""
        change = _KEYS.get(name)
        return None if change is None else change(self)

    def moved(self, at: int) -> EditLine:
        """With the cursor elsewhere."""
        return replace(self, at=max(0, min(len(self.text), at)))

    def without(self, start: int, end: int) -> EditLine:
        """With a part taken out and the cursor there."""
        return EditLine(self.text[:start] + self.text[end:], start)


def _word(line: EditLine) -> int:
    """Where the word before the cursor begins."""
    return len(line.text[: line.at].rstrip().rpartition(" ")[0]) + (1 if " " in line.text[: line.at].rstrip() else 0)


_KEYS = {
    "backspace": lambda line: line.without(max(0, line.at - 1), line.at),
    "delete": lambda line: line.without(line.at, line.at + 1),
    "left": lambda line: line.moved(line.at - 1),
    "right": lambda line: line.moved(line.at + 1),
    "home": lambda line: line.moved(0),
    "end": lambda line: line.moved(len(line.text)),
    "ctrl+a": lambda line: line.moved(0),
    "ctrl+e": lambda line: line.moved(len(line.text)),
    "ctrl+u": lambda line: line.without(0, line.at),
    "ctrl+k": lambda line: line.without(line.at, len(line.text)),
    "ctrl+w": lambda line: line.without(_word(line), line.at),
}
