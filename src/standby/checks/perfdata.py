"""What a Nagios plugin prints: the line for people, and `label=value[unit];warn;crit;min;max` for machines.

Read as Icinga reads it: labels in quotes may hold spaces and `=`, units become seconds, bytes (1024) and percent,
`U` and numbers with a decimal comma are no values, `check::label` names the labels after it `check::...` too.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from standby.domain.text import clean

MAX_METRICS = 200
_LABEL_LIMIT = 120

# A label in quotes (a doubled quote is one quote), or up to the last `=` before the next blank.
_ITEM = re.compile(r"'(?P<quoted>(?:[^']|''){1,400})'=(?P<a>\S*)|(?P<plain>[^\s'][^\s]{0,400})=(?P<b>[^\s=]*)")
_NUMBER = re.compile(r"[+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][+-]?\d{1,3})?")
_UNITS = {
    "": 1.0,
    "ns": 1e-9,
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "b": 1.0,
    "kb": 1024.0,
    "mb": 1024.0**2,
    "gb": 1024.0**3,
    "tb": 1024.0**4,
    "kib": 1024.0,
    "mib": 1024.0**2,
    "gib": 1024.0**3,
    "tib": 1024.0**4,
    "%": 1.0,
    "c": 1.0,
}


@dataclass(frozen=True, slots=True)
class PluginOutput:
    """A plugin's first line, cleaned, and its metrics in seconds, bytes, percent or plain numbers."""

    line: str
    metrics: dict[str, float]


def parse_output(text: str) -> PluginOutput:
    """Read what a plugin printed; nothing in it is an error, only ignored."""
    first, _, rest = text.partition("\n")
    line, _, perfdata = first.partition("|")
    # After the first line: long text until the next `|`, then only more performance data.
    perfdata += " " + rest.partition("|")[2]
    return PluginOutput(clean(line), parse_perfdata(perfdata))


def parse_perfdata(text: str) -> dict[str, float]:
    """The metrics in a plugin's performance data, at most `MAX_METRICS`; what cannot be read is left out."""
    metrics: dict[str, float] = {}
    prefix = ""
    for item in _ITEM.finditer(text):
        label = (item["quoted"] or "").replace("''", "'") or item["plain"]
        value = _value(item["a"] if item["quoted"] else item["b"])
        if "::" in label:
            prefix = label[: label.rindex("::") + 2]
        elif prefix:
            label = prefix + label
        name = clean(label, _LABEL_LIMIT)
        if value is not None and name and len(metrics) < MAX_METRICS:
            metrics[name] = value
    return metrics


def _value(text: str) -> float | None:
    """The number before the thresholds, in its base unit."""
    first = text.partition(";")[0]
    number = _NUMBER.match(first)
    if number is None:
        return None
    factor = _UNITS.get(first[number.end() :].lower())
    if factor is None:
        return None
    value = float(number[0]) * factor
    return value if math.isfinite(value) else None
