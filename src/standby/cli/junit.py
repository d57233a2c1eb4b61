"""A run of checks as a JUnit report, which every CI system reads."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from standby.cli.main import UsageError
from standby.domain.observation import Observation
from standby.domain.outcome import Outcome

if TYPE_CHECKING:
    from standby.config.models import CheckModel

# Characters that no XML 1.0 document may hold, escaped or not.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS = {
    Outcome.DOWN: "failure",
    Outcome.DEGRADED: "failure",
    Outcome.UNKNOWN: "error",
    Outcome.MAINTENANCE: "skipped",
}


def report(models: Sequence[CheckModel], seen: Sequence[Observation], seconds: float) -> bytes:
    """UTF-8 XML: one suite, one case a check; down and degraded fail, unknown is an error, maintenance is skipped."""
    suite = ET.Element("testsuite", {"name": "standby check", "tests": str(len(seen)), "time": f"{seconds:.3f}"})
    counts = dict.fromkeys(("failure", "error", "skipped"), 0)
    for model, one in zip(models, seen, strict=True):
        spent = (one.latency_ms or 0.0) / 1000
        case = ET.SubElement(
            suite, "testcase", {"classname": _xml(model.integration), "name": _xml(model.id), "time": f"{spent:.3f}"}
        )
        element = _ELEMENTS.get(one.outcome)
        if element is not None:
            counts[element] += 1
            says = ET.SubElement(case, element, {"message": _xml(f"{one.outcome}: {one.message}")})
            if element != "skipped":
                says.set("type", one.failure or one.outcome)
                says.text = _xml(f"{model.target}\n{one.message}")
    suite.attrib.update(failures=str(counts["failure"]), errors=str(counts["error"]), skipped=str(counts["skipped"]))
    root = ET.Element("testsuites")
    root.append(suite)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def report_of_tests(name: str, cases: Sequence[tuple[str, str, Sequence[str]]], seconds: float) -> bytes:
    """The same of anything else: the class, the name and the failures of each case."""
    failed = sum(1 for _, _, failures in cases if failures)
    numbers = {"tests": str(len(cases)), "failures": str(failed), "errors": "0", "skipped": "0"}
    suite = ET.Element("testsuite", {"name": name, "time": f"{seconds:.3f}", **numbers})
    for group, title, failures in cases:
        case = ET.SubElement(suite, "testcase", {"classname": _xml(group), "name": _xml(title)})
        if failures:
            says = ET.SubElement(case, "failure", {"message": _xml(failures[0]), "type": "mismatch"})
            says.text = _xml("\n".join(failures))
    root = ET.Element("testsuites")
    root.append(suite)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def write(path: Path, document: bytes) -> None:
    """Put a report into a file. Raises UsageError."""
    try:
        path.write_bytes(document)
    except OSError as error:
        raise UsageError(f"--junit {path}: {error.strerror}; name a file that can be written") from None


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
