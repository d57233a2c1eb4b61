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
from standby.domain.units import DAY, parse_duration

from .loader import Case, cases, compare, strangers

FILE = "f_conditions_gatus"
_TEXT_NUMBERS = "gatus reads numbers out of JSON texts; here a text is a text: write double(body.data)"
_TEXT_LENGTH = "gatus measures the text of any value; here only texts, lists and tables have a size"
WAIVERS: Mapping[str, str] = {
    "gatus-cond-body-jsonpath-hexadecimal-int-using-equal-to-0xC0ff33": _TEXT_NUMBERS,
    "gatus-cond-body-jsonpath-hexadecimal-int-greater": _TEXT_NUMBERS,
    "gatus-cond-body-jsonpath-octal-int-using-greater-than": _TEXT_NUMBERS,
    "gatus-cond-body-jsonpath-binary-int-using-greater-than": _TEXT_NUMBERS,
    "gatus-cond-body-jsonpath-binary-int-using-equals": _TEXT_NUMBERS,
    "gatus-cond-body-jsonpath-float-using-greater-than-issue433": _TEXT_NUMBERS,
    "gatus-cond-len-body-keyed-int": _TEXT_LENGTH,
    "gatus-cond-len-body-object-inside-array": _TEXT_LENGTH,
    "gatus-cond-len-body-keyed-bool-inside-array": _TEXT_LENGTH,
    "gatus-cond-len-body-object": _TEXT_LENGTH,
}
UNTRANSLATABLE = ("[IP]", "[CONNECTED]", "[DOMAIN_EXPIRATION]", "[CONTEXT]", "raw == raw", "1 == 2")
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
    if re.fullmatch(r"\d+(ms|s|m|h)", word):
        return str(parse_duration(word))
    if word in ("true", "false") or (number and re.fullmatch(r"-?\d+", word)):
        return word
    return quoted(word)


def glob(pattern: str) -> str:
    return quoted("(?s)^" + ".*".join(map(re.escape, pattern.split("*"))).replace("\\ ", " ") + "$")


def translated(condition: str) -> str:
    """The condition in CEL."""
    left, operator, right = OPERATOR.split(condition, maxsplit=1)
    if left.startswith("pat("):
        left, right = right, left
    call = re.fullmatch(r"(any|pat)\((.*)\)", right)
    number = left.startswith(("[STATUS]", "[RESPONSE_TIME]", "len(")) or operator not in ("==", "!=")
    number = number or (left.startswith("[BODY]") and right.isdigit())
    if call is not None and call[1] == "any":
        return f"{side(left, number=number)} in [{', '.join(side(one, number=number) for one in call[2].split(', '))}]"
    if call is not None:
        subject = {"[BODY]": "text", "[STATUS]": "string(status)"}.get(left) or side(left, number=False)
        return f"{subject}.matches({glob(call[2])})"
    if re.fullmatch(r"\d+(ms|s|m|h)", right):
        unit = DAY if "CERTIFICATE" in left else 1_000_000
        right = str(parse_duration(right) / unit)
        return f"{side(left, number=True)} {operator} {right}"
    return f"{side(left, number=number)} {operator} {side(right, number=number)}"


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
        seen["certificate"] = {"days_left": result["certificate_expiration_ms"] * 1_000_000 / DAY}
    return seen


def translatable(case: Case) -> bool:
    return not any(word in case.get("condition", "") for word in UNTRANSLATABLE)


@pytest.mark.parametrize("case", cases(FILE))
def test_a_condition_holds_as_in_gatus(case: Case) -> None:
    if not translatable(case):
        pytest.skip("names something that an expectation here does not have")
    expression = compile_expectation(translated(case["condition"]))
    seen = values(case["result"])
    compare(case, expression.evaluate(seen), case["expected_success"], WAIVERS)
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
    with pytest.raises(ExpressionError):
        compile_expectation(text)


@pytest.mark.parametrize("case", cases(FILE, "context_cases"))
def test_what_names_nothing_of_an_answer_is_refused(case: Case) -> None:
    """Theirs fail at night; here a word that is none is told with the configuration."""
    text = case["condition"].replace("[STATUS]", "status").replace("[RESPONSE_TIME]", "latency_ms")
    assert case["expected_success"] is False
    with pytest.raises(ExpressionError):
        compile_expectation(text.replace("[CONTEXT]", "context"))


@pytest.mark.parametrize("case", cases(FILE, "jsonpath_cases"))
def test_a_path_finds_what_gatus_finds(case: Case) -> None:
    path = case["path"]
    where = "body" + (path if path.startswith("[") else f".{path}")
    seen = {"body": values({"body": case["data"]})["body"]}
    if case["expected_error"]:
        expression = compile_expectation(f"{where} == {where}")
        assert expression.evaluate(seen) is False
        return
    found = case["expected_output"]
    plain = json.loads(found) if re.fullmatch(r"[\d.]+", found) and f'"{found}"' not in case["data"] else found
    wanted = found if found.startswith("{") else json.dumps(plain)
    assert compile_expectation(f"{where} == {wanted}").evaluate(seen) is True


@pytest.mark.parametrize("case", cases(FILE, "glob_cases"))
def test_a_glob_written_as_a_pattern_matches_the_same(case: Case) -> None:
    expression = compile_expectation(f"text.matches({glob(case['pattern'])})")
    assert expression.evaluate({"text": case["value"]}) is case["expected"]


def test_waivers_name_cases_that_are_there() -> None:
    assert not strangers(WAIVERS, FILE, "cases")
