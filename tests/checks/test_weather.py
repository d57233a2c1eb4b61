"""Weather services: how old what they say is, in each one's way of writing time, and how each says no."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.conftest import Look
from checks.payloads import Answered, capture, document, named, payload, vendor
from checks.specifications import parameters, violation
from checks.spoiled import spoiled
from standby.checks.weather import nws, openmeteo, openweathermap
from standby.checks.weather.check import WeatherModel
from standby.checks.weather.reading import Reading, judge, metric
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE, SECOND, parse_instant
from standby.net.trouble import Trouble

NOW = parse_instant("2026-02-01T12:10:00Z")
BERLIN: dict[str, Any] = {"latitude": 52.52, "longitude": 13.41}
METEO: dict[str, Any] = {"source": "open-meteo", **BERLIN}
MAP: dict[str, Any] = {"source": "openweathermap", **BERLIN, "api_key": "env:KEY"}
STATION: dict[str, Any] = {"source": "nws", "station": "KFLL", "contact": "ops@shop.example"}
POINT: dict[str, Any] = {"source": "nws", "latitude": 38.89768, "longitude": -77.0, "contact": "ops@shop.example"}
FORECAST, WEATHER, ONECALL = "/v1/forecast", "/data/2.5/weather", "/data/3.0/onecall"
LATEST, POINTS, GRID = "/stations/KFLL/observations/latest", "/points/38.8977,-77", "/gridpoints/TAE/58,65/forecast"
AGES = {"max_age": "36500d"}  # recordings are old
SPECIFICATION = "nws/openapi-trimmed.yaml"


def body(name: str) -> Any:
    found = json.loads(payload(name))
    return found["response"]["body"] if "response" in found else found


@pytest.mark.parametrize(
    ("reading", "outcome", "failure", "says"),
    [
        (Reading(NOW - 10 * MINUTE, {"temp": -2.5}), Outcome.UP, None, "10m old: temp -2.5; without rain"),
        (Reading(NOW - 2 * HOUR, {"temp": 1, "rain": 0}), Outcome.UP, None, "2h old: temp 1, rain 0"),
        (Reading(NOW - 3 * HOUR, {"temp": 1}), Outcome.DEGRADED, Failure.STALE, "is 3h old, more than 2h: temp 1"),
        (Reading(NOW - 51 * HOUR - 7 * MINUTE - SECOND), Outcome.DEGRADED, Failure.STALE, "is 2d3h old, more than 2h"),
        (Reading(NOW - 3 * HOUR), Outcome.DEGRADED, Failure.STALE, "is 3h old, more than 2h"),
        (Reading(NOW + MINUTE, {"temp": 1, "rain": 0}), Outcome.UP, None, "0s old"),
        (Reading(NOW + 2 * HOUR, {"temp": 1}), Outcome.DEGRADED, Failure.DATA, "made 2h from now"),
        (Reading(NOW), Outcome.DEGRADED, Failure.DATA, "no value for temp, rain"),
        (Reading(NOW, {"snow": 1.0}), Outcome.DEGRADED, Failure.DATA, "no value for temp, rain"),
        (Reading(None, {"temp": 1}), Outcome.UNKNOWN, Failure.DATA, "does not say when"),
    ],
)
def test_old_data_are_degraded(reading: Reading, outcome: Outcome, failure: Failure | None, says: str) -> None:
    seen = judge(reading, ("temp", "rain"), 2 * HOUR, NOW)
    assert (seen.outcome, seen.failure) == (outcome, failure)
    assert says in seen.message


def test_names_become_metrics() -> None:
    assert [metric(name) for name in ("relativeHumidity", "temperature_2m", "wind_speed")] == [
        "relative_humidity",
        "temperature_2m",
        "wind_speed",
    ]
    assert judge(Reading(NOW, {"windSpeed": 2.0}), ["windSpeed"], HOUR, NOW).metrics == {
        "wind_speed": 2.0,
        "age_s": 0.0,
    }


@pytest.mark.parametrize(
    ("time", "said", "at"),
    [
        ("2026-02-01T12:00", {"utc_offset_seconds": 0}, "2026-02-01T12:00:00Z"),
        ("2026-02-01T13:00", {"utc_offset_seconds": 3600}, "2026-02-01T12:00:00Z"),
        ("2026-02-01T06:30", {"utc_offset_seconds": -19800}, "2026-02-01T12:00:00Z"),
        ("2026-02-01T12:00Z", {"utc_offset_seconds": 3600}, "2026-02-01T12:00:00Z"),
        ("2026-02-01T12:00", {"timezone": "GMT"}, "2026-02-01T12:00:00Z"),
        (1769947200, {"utc_offset_seconds": 3600}, "2026-02-01T12:00:00Z"),
        ("2026-02-01T12:00", {"timezone": "Europe/Berlin"}, None),
        ("2026-02-01T12:00", {"utc_offset_seconds": "x"}, None),
        ("2026-02-01T12:00", {"utc_offset_seconds": 10**9}, None),
        ("noon", {"utc_offset_seconds": 0}, None),
        (None, {"utc_offset_seconds": 0}, None),
    ],
)
def test_a_local_time_is_read_by_its_offset(time: object, said: dict[str, object], at: str | None) -> None:
    found = openmeteo.reading({**said, "current": {"time": time, "temperature_2m": 1}}, NOW)
    assert found.at == (None if at is None else parse_instant(at))


def test_the_newest_hour_that_has_begun_serves_where_nothing_is_current() -> None:
    hourly = {
        "time": ["2026-02-01T11:00", "2026-02-01T12:00", "2026-02-01T13:00"],
        "temperature_2m": [1.0, None, 3.0],
        "rain": [0, 0.2],
    }
    found = openmeteo.reading({"utc_offset_seconds": 0, "hourly": hourly}, NOW)
    assert (found.at, found.values) == (parse_instant("2026-02-01T12:00:00Z"), {"rain": 0.2})


def test_the_forecast_on_file() -> None:
    found = openmeteo.reading(body("openmeteo/forecast-200.json"), NOW)
    assert found.values == {"temperature_2m": -2.4, "wind_speed_10m": 11.9}
    seen = judge(found, openmeteo.DEFAULTS, 2 * HOUR, NOW)
    assert (seen.outcome, seen.message) == (
        Outcome.UP,
        "10m old: temperature_2m -2.4, wind_speed_10m 11.9; without precipitation",
    )


def test_the_recordings_of_one_call() -> None:
    bare = body("openweathermap/onecall_current.json")
    for found in (bare, {"lat": 1, "lon": 2, "current": bare}):
        reading = openweathermap.reading(found)
        assert reading.at == 1714063536 * SECOND
        assert [reading.values[name] for name in openweathermap.DEFAULTS] == [6.84, 82.0, 1000.0, 9.83]
    assert openweathermap.reading(body("openweathermap/onecall_hourly.json")).values["wind_gust"] == 1.39
    assert openweathermap.reading(body("openweathermap/onecall_minutely.json")).values["precipitation"] == 0.2986


def test_the_current_weather_of_2_5() -> None:
    found = {
        "cod": 200,
        "dt": 1714063536,
        "main": {"temp": 6.8, "humidity": 82},
        "wind": {"speed": 9.8},
        "rain": {"1h": 1},
    }
    values = openweathermap.reading(found).values
    assert (values["temp"], values["humidity"], values["wind_speed"], values["rain_1h"]) == (6.8, 82.0, 9.8, 1.0)


def test_the_recordings_of_stations() -> None:
    latest = nws.observed(body("nws/stations_observations_latest.json"))
    assert latest.at == parse_instant("2022-03-02T23:53:00Z")
    assert latest.values["temperature"] == pytest.approx(22.8)
    assert "windGust" not in latest.values
    for name in ("nws/stations_observations_empty.json", "nws/stations_observations_missing_value.json"):
        assert judge(nws.observed(body(name)), nws.OBSERVED, 2 * HOUR, NOW).outcome is Outcome.UNKNOWN


def test_the_recordings_of_forecasts() -> None:
    now = parse_instant("2019-10-13T20:00:00Z")
    whole = nws.forecast(body("nws/gridpoints_forecast_us.json"))
    texts = nws.forecast(body("nws/gridpoints_forecast_strings_us.json"))
    assert whole.at == texts.at == parse_instant("2019-10-13T18:16:20Z")
    for found in (whole, texts):
        seen = judge(found, nws.FORECAST, 12 * HOUR, now)
        assert (seen.outcome, seen.metrics["temperature"], seen.metrics["probability_of_precipitation"]) == (
            Outcome.UP, 41.0, 20.0,
        )  # fmt: skip
    empty = nws.forecast(body("nws/gridpoints_forecast_empty_us.json"))
    seen = judge(empty, nws.FORECAST, 12 * HOUR, parse_instant("2019-08-13T01:00:00Z"))
    assert (seen.outcome, seen.failure) == (Outcome.DEGRADED, Failure.DATA)


def test_the_recordings_of_a_point_and_of_alerts() -> None:
    assert nws.grid(body("nws/points.json")) == GRID
    assert nws.alerts(body("nws/alerts_active_zone.json"))["alerts"] >= 1.0
    assert nws.alerts({"features": [{"properties": {"severity": "Extreme"}}, None, {}]}) == {
        "alerts": 3.0, "alerts_severe": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "properties",
    [
        {"gridId": None},
        {"gridId": "../x", "gridX": 1, "gridY": 1},
        {"gridId": "TAE", "gridX": "1", "gridY": 2},
        {"a": 1},
    ],
)
def test_a_grid_is_only_what_looks_like_one(properties: dict[str, object]) -> None:
    with pytest.raises(Trouble):
        nws.grid({"properties": properties})


def test_a_place_has_four_digits_and_no_zeros() -> None:
    assert nws.place(38.89768, -77.0) == "38.8977,-77"


def problem(status: int, kind: str) -> Answered:
    return document(
        {"type": f"https://api.weather.gov/problems/{kind}", "status": status, "detail": "so it is"}, status
    )


@pytest.mark.parametrize(
    ("keys", "path", "answer", "failure", "says"),
    [
        (METEO, FORECAST, document({"error": True, "reason": "Daily API request limit exceeded."}, 429), Failure.QUOTA,
         "Daily"),
        (METEO, FORECAST, document({"error": True, "reason": "Hourly API request limit exceeded."}, 429),
         Failure.RATE_LIMITED, "Hourly"),
        (METEO, FORECAST, document({"error": True, "reason": "The supplied API key is invalid."}, 400),
         Failure.CREDENTIALS, "key is invalid"),
        (METEO, FORECAST, document({"error": True, "reason": "Cannot initialize it"}), Failure.REQUEST, "initialize"),
        (METEO, FORECAST, document({"error": True}, 502), Failure.SERVER, "no reason given"),
        (METEO, FORECAST, Answered(b"<html>", 503), Failure.SERVER, "503"),
        (METEO, FORECAST, document({"latitude": 1}), Failure.UNREADABLE, "no current values"),
        (METEO, FORECAST, document([]), Failure.UNREADABLE, "no current values"),
        (MAP, WEATHER, document({"cod": "404", "message": "city not found"}), Failure.REQUEST, "city not found"),
        (MAP, WEATHER, document({"cod": 429, "message": "blocked"}, 429), Failure.RATE_LIMITED, "blocked"),
        (MAP, WEATHER, document({"cod": 500}), Failure.SERVER, "500"),
        (MAP, WEATHER, document({"cod": 200}), Failure.UNREADABLE, "no current weather"),
        (MAP, WEATHER, Answered(b"<html><title>Blocked</title>"), Failure.UNREADABLE, "Blocked"),
        (POINT, POINTS, problem(404, "InvalidPoint"), Failure.REQUEST, "covers the US only"),
        (POINT, POINTS, problem(503, "ForecastGridExpired"), Failure.SERVER, "has expired"),
        (STATION, LATEST, problem(404, "NotFound"), Failure.REQUEST, "so it is"),
        (STATION, LATEST, Answered(b"<html><title>Forbidden</title>", 403), Failure.CREDENTIALS, "contact"),
        (STATION, LATEST, document({}), Failure.UNREADABLE, "empty"),
        (STATION, LATEST, document({"features": []}), Failure.UNREADABLE, "empty"),
    ],
)  # fmt: skip
async def test_a_refusal_is_unknown_and_says_why(
    look: Look, keys: dict[str, Any], path: str, answer: Answered, failure: Failure, says: str
) -> None:
    async with vendor({path: answer}) as sky:
        seen = await look("weather", url=sky.url, **keys)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)
    assert says in seen.message


@pytest.mark.parametrize(
    ("name", "keys", "path", "failure", "says"),
    [
        ("openmeteo/error-400-latitude.json", METEO, FORECAST, Failure.REQUEST, "Latitude must be"),
        ("openmeteo/error-429-minutely.json", METEO, FORECAST, Failure.RATE_LIMITED, "Minutely"),
        ("openweathermap/error-401.json", MAP, WEATHER, Failure.CREDENTIALS, "up to 2 hours"),
        (
            "openweathermap/error-401-30.json",
            {**MAP, "product": "onecall"},
            ONECALL,
            Failure.CREDENTIALS,
            "plan of its own",
        ),
        ("openweathermap/error-404.json", MAP, WEATHER, Failure.REQUEST, "city not found"),
        ("nws/error-404-point.json", POINT, POINTS, Failure.REQUEST, "covers the US only"),
        ("nws/error-500-unexpected.json", POINT, POINTS, Failure.SERVER, "unexpected problem"),
    ],
)
async def test_the_errors_on_file(
    look: Look, name: str, keys: dict[str, Any], path: str, failure: Failure, says: str
) -> None:
    async with vendor({path: capture(name)}) as sky:
        seen = await look("weather", url=sky.url, **keys)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)
    assert says in seen.message
    assert (seen.retry_after_s == 60.0) is ("Minutely" in says)


@pytest.mark.parametrize(
    ("reason", "longest"),
    [("Minutely API request limit exceeded.", 60), ("Hourly API request limit exceeded.", 3600),
     ("Daily API request limit exceeded. Please try again tomorrow.", 86_400)],
)  # fmt: skip
async def test_a_limit_is_waited_for_as_long_as_it_lasts(look: Look, reason: str, longest: int) -> None:
    async with vendor({FORECAST: document({"error": True, "reason": reason}, 429)}) as sky:
        seen = await look("weather", url=sky.url, **METEO)
    assert seen.retry_after_s is not None
    assert 0 < seen.retry_after_s <= longest


async def test_warnings_outside_of_the_us_say_it_in_another_way(look: Look) -> None:
    async with vendor({"/alerts/active": problem(400, "InvalidParameter")}) as sky:
        seen = await look("weather", url=sky.url, **POINT, alerts=True)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.REQUEST)
    assert "covers the US only" in seen.message


@pytest.mark.parametrize(("stumbles", "outcome"), [(1, Outcome.UP), (2, Outcome.UNKNOWN)])
async def test_a_500_that_comes_and_goes_is_asked_again_once(look: Look, stumbles: int, outcome: Outcome) -> None:
    good = document(body("nws/stations_observations_latest.json"))
    answers = [*[problem(500, "UnexpectedProblem")] * stumbles, good]
    async with vendor({LATEST: answers}) as sky:
        seen = await look("weather", url=sky.url, **STATION, **AGES)
    assert (seen.outcome, len(sky.asked)) == (outcome, 2)


async def test_what_the_nws_is_asked_is_what_its_specification_allows(look: Look) -> None:
    answers = {
        LATEST: document(body("nws/stations_observations_latest.json")),
        POINTS: document(body("nws/points.json")),
        GRID: document(body("nws/gridpoints_forecast_us.json")),
        "/alerts/active": document(body("nws/alerts_active_zone.json")),
    }
    async with vendor(answers) as sky:
        seen = await look("weather", url=sky.url, **POINT, **AGES, alerts=True)
        station = await look("weather", url=sky.url, **STATION, **AGES)
    assert seen.outcome is station.outcome is Outcome.UP
    assert (seen.metrics["alerts"], seen.metrics["temperature"]) == (1.0, 41.0)
    assert [violation(SPECIFICATION, asked) for asked in sky.asked] == [None] * 4
    assert {asked.headers["user-agent"].endswith(" ops@shop.example") for asked in sky.asked} == {True}
    assert set(sky.asked[0].query) <= set(parameters(SPECIFICATION, "/alerts/active"))
    assert sky.asked[2].query == {"units": "si"}


async def test_what_open_meteo_is_asked_is_what_its_specification_allows(look: Look) -> None:
    async with vendor({FORECAST: document(body("openmeteo/forecast-200.json"))}) as sky:
        seen = await look("weather", url=sky.url, **METEO, **AGES, api_key="env:KEY")
    assert seen.outcome is Outcome.UP
    [asked] = sky.asked
    assert violation("openmeteo/forecast-openapi.yaml", asked) is None
    assert asked.query == {
        "latitude": "52.52",
        "longitude": "13.41",
        "current": "temperature_2m,precipitation,wind_speed_10m",
        "apikey": "k3y-v4lue",
    }


async def test_a_key_in_the_address_is_never_told(look: Look) -> None:
    async with vendor({WEATHER: document({"cod": 401, "message": "Invalid key k3y-v4lue"}, 401)}) as sky:
        seen = await look("weather", url=sky.url, **MAP)
    assert sky.asked[0].query["appid"] == "k3y-v4lue"
    assert "k3y-v4lue" not in seen.message


ALL = ((METEO, FORECAST), (MAP, WEATHER), ({**MAP, "product": "onecall"}, ONECALL), (STATION, LATEST), (POINT, POINTS))
GOOD = {
    "openmeteo/forecast-200.json": {FORECAST},
    "openweathermap/onecall_current.json": {WEATHER, ONECALL},
    "openweathermap/onecall_hourly.json": {WEATHER, ONECALL},
    "nws/stations_observations_latest.json": {LATEST},
}


@pytest.mark.parametrize("name", [*named("openmeteo/*.json"), *named("openweathermap/*.json"), *named("nws/*.json")])
async def test_no_recording_of_something_else_reads_as_up(look: Look, name: str) -> None:
    found = json.loads(payload(name))
    answer = capture(name) if "response" in found else document(found)
    seen = {}
    for keys, path in ALL:
        async with vendor({path: answer}) as sky:
            seen[path] = await look("weather", url=sky.url, **keys, **AGES)
    assert {path for path, one in seen.items() if one.outcome is Outcome.UP} == GOOD.get(name, set())
    assert all(one.failure is not Failure.INTERNAL for one in seen.values())


@pytest.mark.parametrize("name", ["openmeteo/forecast-200.json", "nws/stations_observations_latest.json"])
async def test_a_truncated_recording_is_unknown(look: Look, name: str) -> None:
    whole = json.dumps(body(name)).encode()
    keys, path = (METEO, FORECAST) if name.startswith("openmeteo") else (STATION, LATEST)
    for cut in range(0, len(whole), len(whole) // 8):
        async with vendor({path: Answered(whole[:cut])}) as sky:
            seen = await look("weather", url=sky.url, **keys, **AGES)
        assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.UNREADABLE)


@pytest.mark.parametrize("name", [*named("openmeteo/*.json"), *named("openweathermap/*.json"), *named("nws/*.json")])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_spoiled_recording_never_raises_anything_but_trouble(name: str, data: st.DataObject) -> None:
    found = data.draw(spoiled(body(name)))
    decoders = (
        lambda: openmeteo.reading(found, NOW),
        lambda: openweathermap.reading(found),
        lambda: nws.observed(found),
        lambda: nws.forecast(found),
    )
    for decode in decoders:
        with contextlib.suppress(Trouble):
            judge(decode(), ("temperature", "temp"), HOUR, NOW)
    for look_at in (nws.grid, nws.alerts):
        with contextlib.suppress(Trouble):
            look_at(found)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_spoiled_times_never_read_as_fresh(data: st.DataObject) -> None:
    old = {"utc_offset_seconds": 0, "current": {"time": "2026-01-01T12:00", "temperature_2m": 1}}
    with contextlib.suppress(Trouble):
        found = openmeteo.reading(data.draw(spoiled(old)), NOW)
        assert judge(found, ["temperature_2m"], HOUR, NOW).outcome is not Outcome.UP


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"source": "open-meteo"}, "latitude and longitude"),
        ({"source": "open-meteo", "latitude": 91, "longitude": 0}, "90"),
        ({"source": "openweathermap", **BERLIN}, "api_key"),
        ({"source": "nws", "station": "KFLL"}, "contact"),
        ({**STATION, "alerts": True}, "latitude and longitude"),
        ({**METEO, "station": "KFLL"}, "station is for nws"),
        ({**METEO, "alerts": True}, "alerts are those of nws"),
        ({**METEO, "values": ["a b"]}, "pattern"),
        ({"source": "wetter", **BERLIN}, "open-meteo"),
    ],
)
def test_a_wrong_check_is_refused_with_the_mend(keys: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        WeatherModel.model_validate({"id": "c", "integration": "i", "kind": "weather", **keys})


def test_customers_of_open_meteo_have_a_host_of_their_own() -> None:
    row = {"id": "c", "integration": "i", "kind": "weather", **METEO}
    assert WeatherModel.model_validate(row).target == "api.open-meteo.com 52.52,13.41"
    assert WeatherModel.model_validate({**row, "api_key": "env:KEY"}).base == openmeteo.CUSTOMERS
