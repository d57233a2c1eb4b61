from __future__ import annotations

import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.units import SECOND
from standby.net.quotas import Quota, quotas, scarcest, wait
from standby.net.retry_after import retry_after

NOW_S = 1_750_000_000
NOW = NOW_S * SECOND


def read(**headers: str) -> list[Quota]:
    return quotas([(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()], NOW)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, []),
        ({"Content_Type": "text/plain", "X_Limit": "7"}, []),
        ({"X_RateLimit_Limit": "60", "X_RateLimit_Remaining": "58", "X_RateLimit_Reset": "30"},
         [Quota("rate", 58, 60, 30)]),
        ({"X_RATELIMIT_REMAINING": "0", "X_RATELIMIT_LIMIT": "600", "X_RATELIMIT_RESET": str(NOW_S + 12)},
         [Quota("rate", 0, 600, 12)]),
        ({"X_RateLimit_Remaining": "1", "X_RateLimit_Reset": str((NOW_S + 12) * 1000)}, [Quota("rate", 1, None, 12)]),
        ({"X_Rate_Limit_Remaining": "5", "X_Rate_Limit_Limit": "10"}, [Quota("rate", 5, 10)]),
        ({"RateLimit_Limit": "100, 100;w=60", "RateLimit_Remaining": "50", "RateLimit_Reset": "7"},
         [Quota("rate", 50, 100, 7)]),
        ({"RateLimit": "limit=100, remaining=50, reset=7"}, [Quota("rate", 50, 100, 7)]),
        ({"RateLimit": '"default";r=5;t=30', "RateLimit_Policy": '"default";q=10;w=60'}, [Quota("rate", 5, 10, 30)]),
        ({"X_Shopify_Shop_Api_Call_Limit": "40/40"}, [Quota("rate", 0, 40, 20)]),
        ({"X_Shopify_Shop_Api_Call_Limit": "0/0"}, []),
        ({"X_HubSpot_RateLimit_Max": "100", "X_HubSpot_RateLimit_Remaining": "98",
          "X_HubSpot_RateLimit_Interval_Milliseconds": "10000", "X_HubSpot_RateLimit_Daily": "250000",
          "X_HubSpot_RateLimit_Daily_Remaining": "249000"},
         [Quota("rate", 98, 100, 10, 10), Quota("daily", 249000, 250000)]),
        ({"Sforce_Limit_Info": "api-usage=18/5000"}, [Quota("api", 4982, 5000)]),
        ({"Sforce_Limit_Info": "per-app-api-usage=9/250(appName=x), api-usage=25/5000"}, [Quota("api", 4975, 5000)]),
        ({"X_RateLimit_Remaining": "soon", "RateLimit": "?", "Sforce_Limit_Info": "api-usage=a/b"}, []),
        ({"X_RateLimit_Limit": "100", "X_RateLimit_Period": "60", "X_RateLimit_Remaining": "9",
          "X_RateLimit_Reset": "12"}, [Quota("rate", 9, 100, 12, 60)]),
        ({"X_RateLimit_Limit": "100", "X_RateLimit_Reset": "12"}, [Quota("rate", None, 100, 12)]),
        ({"X_RateLimit_Remaining": "-1", "X_RateLimit_Limit": "nan"}, []),
    ],
)  # fmt: skip
def test_every_form(headers: dict[str, str], found: list[Quota]) -> None:
    assert read(**headers) == found


@pytest.mark.parametrize(
    ("quota", "pause"),
    [
        (Quota("rate", 50, 100, 60), None),
        (Quota("rate", 10, 100, 60), None),
        (Quota("rate", 6, 100, 60), 10),
        (Quota("rate", 0, 100, 60), 60),
        (Quota("rate", 0, 100, 10**9), 86_400),
        (Quota("rate", 0, 100), None),
        (Quota("rate", 0, None, 60), None),
        (Quota("rate", 0, 0, 60), None),
        (Quota("rate", None, 100, 60), None),
    ],
)
def test_what_is_left_is_spread_until_the_reset(quota: Quota, pause: float | None) -> None:
    assert quota.pause_s() == pause


def test_the_scarcest_speaks() -> None:
    few, none = Quota("rate", 6, 100, 60), Quota("daily", 0, 9, 3600)
    assert scarcest([few, none, Quota("api", 5, 9)]) is none
    assert scarcest([]) is None
    assert few.told() == "6 of 100 calls are left for 60 s"
    assert none.metrics() == {"daily_remaining": 0, "daily_limit": 9, "daily_reset_s": 3600}


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [
        (429, "2.0", 2.0),
        (429, "1500ms", 1.5),
        (503, " 7 ", 7.0),
        (429, str(NOW_S + 30), 30.0),
        (429, email.utils.formatdate(NOW_S + 60, usegmt=True), 60.0),
        (429, "Sunday, 15-Jun-25 15:07:40 GMT", 60.0),
        (429, "ms", None),
        (429, "infms", None),
        (429, "-3", 0.0),
        (200, "7", None),
        (429, "", None),
    ],
)
def test_retry_after_in_every_form(status: int, said: str, seconds: float | None) -> None:
    assert retry_after(status, said, NOW) == seconds


def test_who_is_refused_without_a_time_waits_for_the_reset() -> None:
    spent = [Quota("rate", 0, 600, 42)]
    assert wait(429, "", spent, NOW) == 42
    assert wait(429, "3", spent, NOW) == 3
    assert wait(200, "", spent, NOW) == 42
    assert wait(200, "", [Quota("rate", 500, 600, 42)], NOW) is None
    assert wait(429, "", [Quota("rate", None, 600, 42)], NOW) == 42
    assert wait(200, "", [Quota("rate", None, 600, 42)], NOW) is None
    assert wait(429, "", [], NOW) is None


@given(st.dictionaries(
    st.sampled_from(["RateLimit", "RateLimit_Policy", "X_RateLimit_Remaining", "X_RateLimit_Limit", "X_RateLimit_Reset",
                     "X_Shopify_Shop_Api_Call_Limit", "X_HubSpot_RateLimit_Remaining", "Sforce_Limit_Info"]),
    st.text(st.characters(codec="ascii"), max_size=20) | st.integers(0, 10**30).map(str)),
)  # fmt: skip
def test_no_header_is_too_strange(headers: dict[str, str]) -> None:
    for quota in read(**headers):
        assert all(figure >= 0 for figure in quota.metrics().values())
        assert (quota.pause_s() or 0.0) <= 86_400
