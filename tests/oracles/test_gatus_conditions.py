"""gatus's conditions written as our expectations: the same answers give the same verdicts.

Translated word by word: `[BODY].a[0]` is `body.a[0]`, `len(x)` is `size(x)`, `pat(*x*)` a pattern, `any(...)` a list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from standby.config.cel import ExpressionError, compile_expectation
from standby.domain.units import DAY, MILLISECOND, parse_duration

from .loader import Case, assert_agrees, cases

FILE = "f_conditions_gatus"
TEXT_NUMBERS = "gatus reads numbers out of JSON texts; here a text is a text: write double(body.data)"
TEXT_OF_ALL = (
    "gatus measures and matches the text of any value; here only texts, lists and tables have a size, texts a pattern"
)
NO_CERTIFICATE = "without a certificate gatus says that it ends now; here nothing is said of it"
BLANKS = "gatus wants blanks around a sign; here they are free"
UNTRANSLATABLE = ("[IP]", "[CONNECTED]", "[DOMAIN_EXPIRATION]", "[DNS_RCODE]", "raw == raw", "1 == 2")
NUMBER = re.compile(r"-?\d+")
DURATION = re.compile(r"\d+(ms|s|m|h)")
OPERATOR = re.compile(r" (==|!=|<=|>=|<|>) ")


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def side(word: str, *, number: bool) -> str:
    """One side of a condition as CEL."""
    call = re.fullmatch(r"(len|has)\((.*)\)", word)
    if call is not None:
        inner = side(call[2], number=False)
        return f"size({inner})" if call[1] == "len" else f"has({inner})"
    placeholders = {
        "[STATUS]": "status",
        "[RESPONSE_TIME]": "latency_ms",
        "[CERTIFICATE_EXPIRATION]": "certificate.days_left",
    }
    if word in placeholders:
        return placeholders[word]
    if word.startswith("[BODY]"):
        return "body" + word.removeprefix("[BODY]")
    if word in ("true", "false") or (number and NUMBER.fullmatch(word)):
        return word
    return quoted(word)


def glob(pattern: str) -> str:
    return quoted("(?s)^" + ".*".join(map(re.escape, pattern.split("*"))).replace("\\ ", " ") + "$")


def translated(condition: str) -> str:
    """The condition in CEL."""
    left, operator, right = parts(condition)
    call = re.fullmatch(r"(any|pat)\((.*)\)", right)
    number = left.startswith(("[STATUS]", "[RESPONSE_TIME]", "len(")) or operator not in ("==", "!=")
    number = number or (left.startswith("[BODY]") and right.isdigit())
    if call is not None and call[1] == "any":
        return f"{side(left, number=number)} in [{', '.join(side(one, number=number) for one in call[2].split(', '))}]"
    if call is not None:
        subject = {"[BODY]": "text", "[STATUS]": "string(status)"}.get(left) or side(left, number=False)
        return f"{subject}.matches({glob(call[2])})"
    if DURATION.fullmatch(right) or (NUMBER.fullmatch(right) and "CERTIFICATE" in left):
        span = parse_duration(right) if DURATION.fullmatch(right) else int(right) * MILLISECOND
        return f"{side(left, number=True)} {operator} {span / (DAY if 'CERTIFICATE' in left else MILLISECOND)}"
    return f"{side(left, number=number)} {operator} {side(right, number=number)}"


def parts(condition: str) -> tuple[str, str, str]:
    """Both sides and the sign between them; what is held against a pattern or a list stands first."""
    left, operator, right = OPERATOR.split(condition, maxsplit=1)
    return (right, operator, left) if left.startswith(("pat(", "any(")) else (left, operator, right)


def differs(case: Case, seen: Mapping[str, Any]) -> str | None:
    """Why the condition holds there and not here."""
    left, _, right = parts(case["condition"])
    if not case["expected_success"]:
        return None
    if "[CERTIFICATE_EXPIRATION]" in left and "certificate" not in seen:
        return NO_CERTIFICATE
    call = re.fullmatch(r"len\((.*)\)", left)
    path = call[1] if call is not None else left
    found = at_path(seen["body"], path.removeprefix("[BODY]")) if path.startswith("[BODY]") else None
    if call is not None:
        return TEXT_OF_ALL if isinstance(found, bool | int | float | dict) else None
    if right.startswith("pat("):
        return TEXT_OF_ALL if isinstance(found, list) else None
    return TEXT_NUMBERS if isinstance(found, str) and found != right and is_number(right) else None


def is_number(text: str) -> bool:
    """As Go reads one: `12`, `0x1`, `0b10`."""
    try:
        int(text, 0)
    except ValueError:
        return False
    return True


def at_path(value: Any, path: str) -> Any:
    """What lies at `.a[0].b`; `None` when nothing does."""
    for name, number in re.findall(r"\.([^.\[]+)|\[(\d+)\]", path):
        try:
            value = value[name or int(number)]
        except (LookupError, TypeError):
            return None
    return value


def values(result: Mapping[str, Any]) -> dict[str, Any]:
    """What a check would have seen."""
    text = result.get("body", "")
    try:
        body = json.loads(text)
    except ValueError:
        body = text
    seen = {"status": result.get("status", 0), "latency_ms": float(result.get("response_time_ms", 0)), "headers": {}}
    seen |= {"body": body, "text": text}
    if "certificate_expiration_ms" in result:
        seen["certificate"] = {"days_left": result["certificate_expiration_ms"] * MILLISECOND / DAY}
    return seen


def translatable(case: Case) -> bool:
    return not any(word in case["condition"] for word in UNTRANSLATABLE)


@pytest.mark.parametrize("case", cases(FILE))
def test_a_condition_holds_as_in_gatus(case: Case) -> None:
    if not translatable(case):
        pytest.skip("names something that an expectation here does not have")
    seen = values(case["result"])
    try:
        expression = compile_expectation(translated(case["condition"]))
    except ExpressionError:
        assert not case["expected_success"]  # what can never hold is told with the configuration
        return
    assert_agrees(expression.evaluate(seen), case["expected_success"], differs(case, seen))
    if not case["expected_success"]:
        assert expression.explain(seen).startswith(expression.text[:100])


@pytest.mark.parametrize("case", cases(FILE, "validation_cases"))
def test_a_condition_is_refused_as_in_gatus(case: Case) -> None:
    if not translatable(case):
        pytest.skip("names something that an expectation here does not have")
    if case["expected_error"] is None:
        compile_expectation(translated(case["condition"]))
        return
    text = case["condition"].replace("[STATUS]", "status")
    try:
        compile_expectation(text)
        refused = False
    except ExpressionError:
        refused = True
    glued = re.search(r"[^ =!<>](==|!=|<=|>=|<|>)[^ =]", text)
    assert_agrees(refused, True, BLANKS if glued else None)


@pytest.mark.parametrize("case", cases(FILE, "context_cases"))
def test_what_names_nothing_of_an_answer_is_refused(case: Case) -> None:
    """Theirs fail at night; here a word that is none is told with the configuration.

    What theirs know of before the answer, their context, is written out here.
    """
    text = case["condition"].replace("[STATUS]", "status").replace("[RESPONSE_TIME]", "latency_ms")
    for name, value in case.get("context", {}).items():
        text = re.sub(rf"\[CONTEXT\]\.{name}\b", json.dumps(value), text)
    if case["expected_success"]:
        assert compile_expectation(text).evaluate(values(case["result"])) is True
        return
    with pytest.raises(ExpressionError):
        compile_expectation(text.replace("[CONTEXT]", "context"))


@pytest.mark.parametrize("case", cases(FILE, "jsonpath_cases"))
def test_a_path_finds_what_gatus_finds(case: Case) -> None:
    path = case["path"]
    where = "body" + (path if path.startswith("[") or not path else f".{path}")
    seen = {"body": values({"body": case["data"]})["body"]}
    if case["expected_error"]:
        assert not holds(f"{where} == {where}", seen)
        return
    found = case["expected_output"]
    plain = json.loads(found) if re.fullmatch(r"[\d.]+", found) and f'"{found}"' not in case["data"] else found
    wanted = found.replace(" ", ",") if found.startswith(("{", "[")) else json.dumps(plain)
    assert compile_expectation(f"{where} == {wanted}").evaluate(seen) is True


def holds(text: str, seen: Mapping[str, Any]) -> bool:
    """Whether it does; what is refused with the configuration never does."""
    try:
        return compile_expectation(text).evaluate(seen) is True
    except ExpressionError:
        return False


@pytest.mark.parametrize("case", cases(FILE, "glob_cases"))
def test_a_glob_written_as_a_pattern_matches_the_same(case: Case) -> None:
    expression = compile_expectation(f"text.matches({glob(case['pattern'])})")
    assert expression.evaluate({"text": case["value"]}) is case["expected"]
