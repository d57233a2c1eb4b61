"""`kind = "haproxy"`: an entry of a map, or the servers of a backend, set over HAProxy's runtime socket."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from standby.config.models import DirectorModel, split_address
from standby.directors.base import Context, Director, Kind
from standby.directors.haproxy.by_map import MapDirector
from standby.directors.haproxy.by_server import ServerDirector
from standby.directors.haproxy.map_file import MapFile
from standby.directors.haproxy.runtime import Runtime
from standby.domain.text import clean

_VIRTUAL = "virt@"  # a map without a file, since HAProxy 2.9
_WORD = re.compile(r"[^\s;\\\"'<#@][^\s;\\\"'<]*")


def _address(value: str) -> str:
    mend = 'write "unix:/run/haproxy/admin.sock" or "tcp://127.0.0.1:9999"'
    if value.startswith("tcp://"):
        split_address(value.removeprefix("tcp://"), mend)
    elif not value.removeprefix("unix:").strip("/") or not value.startswith("unix:") or clean(value, 300) != value:
        raise ValueError(f'"{clean(value, 80)}" is not a socket; {mend}')
    return value


def _word(value: str) -> str:
    """What may stand in a command of the runtime socket: it separates words by spaces and commands by semicolons."""
    if not _WORD.fullmatch(value) or clean(value, 300) != value:
        raise ValueError(
            f'"{clean(value, 80)}" has spaces, quotes, semicolons or "<", or begins with "#" or "@"; write it without'
        )
    return value


Word = Annotated[str, AfterValidator(_word)]


class HaproxyModel(DirectorModel):
    """HAProxy's runtime socket. With `mode = "map"` the place of a target is a backend, with "server" a server."""

    kind: Literal["haproxy"] = "haproxy"
    socket: Annotated[str, AfterValidator(_address)] = Field(
        description="unix:PATH or tcp://HOST:PORT of a `stats socket` with the level admin"
    )
    mode: Literal["map", "server"] = Field(default="map", description="what is set")
    map: Word | None = Field(default=None, description="the map, exactly as HAProxy's configuration writes it")
    entry: Word | None = Field(default=None, description="the entry of the map that belongs to this route: its key")
    file: Path | None = Field(default=None, description="where the map's file is; `map` itself when left out")
    persist: bool = Field(default=True, description="write the map's file as well: a reload reads it")
    lower: bool = Field(
        default=False, description="put the old backend's servers in maint afterwards, against clients that stay"
    )
    backend: Word | None = Field(default=None, description='the backend of the servers, with mode = "server"')

    @model_validator(mode="after")
    def _of_one_mode(self) -> HaproxyModel:
        wanted = ("map", "entry") if self.mode == "map" else ("backend",)
        for key in wanted:
            if getattr(self, key) is None:
                raise ValueError(f'mode = "{self.mode}" needs {key}; add {" and ".join(wanted)}')
        foreign = {"backend"} if self.mode == "map" else {"map", "entry", "file", "persist", "lower"}
        for key in sorted(foreign & self.model_fields_set):
            raise ValueError(f'{key} means nothing with mode = "{self.mode}"; take it out')
        return self

    @property
    def map_file(self) -> Path | None:
        """The file to write; None when there is none or it is not wanted."""
        if not self.persist or self.map is None or (self.map.startswith(_VIRTUAL) and self.file is None):
            return None
        return self.file or Path(self.map)


def _director(model: HaproxyModel, targets: Mapping[str, str], context: Context) -> Director:
    runtime = Runtime(model.socket, model.timeout, context)
    if model.mode == "server":
        return ServerDirector(runtime, targets, model.backend or "")
    file = model.map_file
    return MapDirector(
        runtime,
        targets,
        context,
        map_=model.map or "",
        key=model.entry or "",
        file=None if file is None else MapFile(context.path(file)),
        lower=model.lower,
    )


KIND = Kind("haproxy", HaproxyModel, _director)
