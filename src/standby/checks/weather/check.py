"""What a user writes about a weather service, and how each of them is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from standby.checks.answers import Reply
from standby.checks.api import Api, ApiCheck, ApiModel, Finding
from standby.checks.base import Kind
from standby.checks.weather import nws, openmeteo, openweathermap
from standby.checks.weather.reading import Reading, judge
from standby.config.fields import Duration, SecretReference, Text, Url
from standby.domain.units import HOUR
from standby.net.transport import USER_AGENT
from standby.net.trouble import Trouble

Source = Literal["open-meteo", "openweathermap", "nws"]
_ADDRESSES = {"open-meteo": openmeteo.ADDRESS, "openweathermap": openweathermap.ADDRESS, "nws": nws.ADDRESS}
_VALUES = {"open-meteo": openmeteo.DEFAULTS, "openweathermap": openweathermap.DEFAULTS}
_OBSERVED, _FORECAST = 2 * HOUR, 12 * HOUR
_NO_HEADERS: Mapping[str, str] = {}
Value = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.]{0,60}$")]


class WeatherModel(ApiModel):
    """Whether a weather service answers for a place, how old its data are, and values of interest as metrics."""

    kind: Literal["weather"] = "weather"
    source: Source = Field(description="whom to ask")
    url: Url | None = Field(default=None, description="the API's address when it is not the source's")
    latitude: float | None = Field(default=None, ge=-90, le=90, description="of the place, north of the equator")
    longitude: float | None = Field(default=None, ge=-180, le=180, description="of the place, east of Greenwich")
    station: str | None = Field(
        default=None, pattern=r"^[A-Z0-9]{3,8}$", description="`nws`: observations of this station, not a forecast"
    )
    api_key: SecretReference | None = Field(
        default=None, description="where the key is; `openweathermap` needs one, `open-meteo` for customers only"
    )
    product: Literal["current", "onecall"] = Field(
        default="current", description="`openweathermap`: the current weather of 2.5, or One Call 3.0"
    )
    contact: Annotated[Text, Field(pattern=r"^[\x20-\x7e]{1,200}$")] | None = Field(
        default=None, description="`nws`: an address of yours, which it wants to know"
    )
    alerts: bool = Field(default=False, description="`nws`: count the warnings in force for the place as metrics")
    max_age: Duration | None = Field(
        default=None, description="older data are `degraded` (2h; 12h for a forecast of `nws`)"
    )
    values: tuple[Value, ...] = Field(
        default=(), max_length=20, description="values to keep as metrics, by the source's names; a few when left out"
    )

    @model_validator(mode="after")
    def _complete(self) -> WeatherModel:
        placed = self.latitude is not None and self.longitude is not None
        if self.station is not None and self.source != "nws":
            raise ValueError("station is for nws; write latitude and longitude")
        if not placed and (self.station is None or self.alerts):
            raise ValueError("no place is named; write latitude and longitude")
        if self.source == "openweathermap" and self.api_key is None:
            raise ValueError('openweathermap needs a key; write api_key = "env:OPENWEATHERMAP_KEY"')
        if self.source == "nws" and self.contact is None:
            raise ValueError('nws answers only those who say who they are; write contact = "ops@shop.example"')
        if self.alerts and self.source != "nws":
            raise ValueError("alerts are those of nws; leave it out")
        return self

    @property
    def stated(self) -> bool:
        """The service itself answers."""
        return False

    @property
    def target(self) -> str:
        """The host that is asked, and for what."""
        host = urlsplit(self.base).netloc
        return f"{host} {self.station or nws.place(self.latitude or 0.0, self.longitude or 0.0)}"

    @property
    def base(self) -> str:
        """The API's address without a slash at its end."""
        if self.url is None and self.source == "open-meteo" and self.api_key is not None:
            return openmeteo.CUSTOMERS
        return (self.url or _ADDRESSES[self.source]).rstrip("/")

    @property
    def wanted(self) -> Sequence[str]:
        """The names of the values that are kept."""
        of_nws = nws.FORECAST if self.station is None else nws.OBSERVED
        return self.values or _VALUES.get(self.source, of_nws)

    @property
    def oldest(self) -> int:
        """How old data may be, ns."""
        is_forecast = self.source == "nws" and self.station is None
        return self.max_age or (_FORECAST if is_forecast else _OBSERVED)


class WeatherCheck(ApiCheck[WeatherModel]):
    """Looks by asking for the present weather."""

    def secrets(self) -> Sequence[str]:
        """The key, when there is one."""
        return [self.model.api_key] if self.model.api_key is not None else []

    async def look(self, api: Api) -> Finding:
        """Ask and judge the age of what comes. Raises Trouble."""
        sources = {"open-meteo": self._open_meteo, "openweathermap": self._openweathermap, "nws": self._nws}
        reading = await sources[self.model.source](api)
        return judge(reading, self.model.wanted, self.model.oldest, api.now)

    def _place(self, latitude: str, longitude: str) -> list[tuple[str, str]]:
        return [(latitude, f"{self.model.latitude:g}"), (longitude, f"{self.model.longitude:g}")]

    async def _open_meteo(self, api: Api) -> Reading:
        wanted = [*self._place("latitude", "longitude"), ("current", ",".join(self.model.wanted))]
        if self.model.api_key is not None:
            wanted.append(("apikey", api.secret(self.model.api_key)))
        reply = await _asked(api, f"{self.model.base}/v1/forecast", openmeteo.refused, wanted)
        return openmeteo.reading(api.decides(reply).document, api.now)

    async def _openweathermap(self, api: Api) -> Reading:
        product = self.model.product
        wanted = [*self._place("lat", "lon"), ("units", "metric"), ("appid", api.secret(self.model.api_key))]
        if product == "onecall":
            wanted.append(("exclude", "minutely,hourly,daily,alerts"))
        url = self.model.base + openweathermap.PATHS[product]
        reply = await _asked(api, url, lambda reply: openweathermap.refused(reply, product), wanted)
        return openweathermap.reading(api.decides(reply).document)

    async def _nws(self, api: Api) -> Reading:
        model = self.model
        point = nws.place(model.latitude or 0.0, model.longitude or 0.0)
        if model.alerts:
            api.metrics.update(nws.alerts((await self._of_nws(api, "/alerts/active", [("point", point)])).document))
        if model.station is not None:
            reply = await self._of_nws(api, f"/stations/{model.station}/observations/latest")
            return nws.observed(api.decides(reply).document)
        path = nws.grid((await self._of_nws(api, f"/points/{point}")).document)
        return nws.forecast(api.decides(await self._of_nws(api, path, [("units", "si")])).document)

    async def _of_nws(self, api: Api, path: str, query: Sequence[tuple[str, str]] = ()) -> Reply:
        """Its 500 come and go by the minute: each is asked once more before it counts."""
        headers = {"Accept": "application/geo+json", "User-Agent": f"{USER_AGENT} {self.model.contact}"}
        url = self.model.base + path
        reply = await api.shared(url, query, headers=headers)
        if reply.status == 500:
            return await _asked(api, url, nws.refused, query, headers)
        return _taken(reply, nws.refused)


async def _asked(
    api: Api,
    url: str,
    refused: Callable[[Reply], Trouble | None],
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str] = _NO_HEADERS,
) -> Reply:
    return _taken(await api.shared(url, query, headers=headers), refused)


def _taken(reply: Reply, refused: Callable[[Reply], Trouble | None]) -> Reply:
    trouble = refused(reply)
    if trouble is not None:
        raise trouble
    return reply


KIND = Kind("weather", WeatherModel, WeatherCheck)
