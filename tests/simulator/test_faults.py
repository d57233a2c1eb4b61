from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.simulator.faults import FaultError, FaultKind, fault, specs
from standby.simulator.hostile import BAD_ANSWERS


def test_every_kind_has_a_spec_and_an_effect() -> None:
    assert set(specs()) == set(FaultKind)
    acts_elsewhere = {FaultKind.REFUSE, FaultKind.EXPIRED_CERTIFICATE, FaultKind.LATENCY}
    assert set(BAD_ANSWERS) == set(FaultKind) - acts_elsewhere


def test_missing_parameters_are_filled_in() -> None:
    assert dict(fault("errors", {"rate": "0.25"}).params) == {"status": 503.0, "rate": 0.25}


def test_words_show_only_what_differs_from_the_default() -> None:
    assert str(fault("latency", {"ms": 900, "jitter": 0.2})) == "latency ms=900"
    assert str(fault("refuse")) == "refuse"


def test_a_wrong_name_gets_the_nearest() -> None:
    with pytest.raises(FaultError, match="did you mean 'timeouts'"):
        fault("timeout")
    with pytest.raises(FaultError, match="did you mean 'status'"):
        fault("errors", {"statsu": 500})
    with pytest.raises(FaultError, match="there are: none"):
        fault("refuse", {"zzz": 1})


@pytest.mark.parametrize("value", ["nan", "-1", "1.01", "inf", "x", "", None, [], "1e999"])
def test_a_value_outside_its_limits_is_refused(value: object) -> None:
    with pytest.raises(FaultError, match="rate is a number from 0 to 1"):
        fault("errors", {"rate": value})


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3))
def test_nothing_but_a_fault_error_comes_of_any_words(kind: str, params: dict[str, str]) -> None:
    says = ""
    try:
        fault(kind, params)
    except FaultError as error:
        says = str(error)
    assert "\n" not in says
