"""What a user writes for `kind = "http"`: a question or several, how to ask, and what the answers must look like."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, JsonValue, ValidationInfo, field_validator, model_validator

from standby.checks.contract.pinned import ContractModel
from standby.checks.presets import PRESETS
from standby.config.fields import (
    Expectation,
    Figures,
    Headers,
    Host,
    SecretReference,
    Size,
    Text,
    Url,
    check_headers,
)
from standby.config.models import CheckModel, Table
from standby.config.references import is_sensitive, parse_reference
from standby.domain.text import clean

MAX_BODY = 1_048_576
PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,63})\}")
"""What an earlier step saved under this name."""
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _valid_query(query: dict[str, str]) -> dict[str, str]:
    for name, value in query.items():
        if is_sensitive(name) and parse_reference(value) is None and not PLACE.search(value):
            raise ValueError(f'{clean(name, 60)} is written out; name where it is: {clean(name, 60)} = "env:ACME_KEY"')
    return query


def _step_headers(value: dict[str, str]) -> dict[str, str]:
    return check_headers(value, PLACE)


_Fields = Annotated[dict[str, str], AfterValidator(_valid_query)]
_BODIES = {"body": "body", "json_body": "json", "form": "form", "graphql": "graphql"}


class Question(Table):
    """What is asked once, and what its answer must look like."""

    method: Method | None = Field(default=None, description="what is asked: GET, or POST with `form` or `graphql`")
    headers: Headers = Field(default={}, description="values may be secret references: `Bearer env:NAME`")
    query: _Fields = Field(default={}, description="added to the address; values may be secret references")
    body: str | None = Field(default=None, description="the request's body, or a secret reference to it")
    json_body: JsonValue = Field(default=None, alias="json", description="the request's body as JSON")
    form: _Fields = Field(default={}, description="the request's body as a form; values may be secret references")
    graphql: str | None = Field(default=None, description="a GraphQL query; `errors` in its answer are judged")
    variables: dict[str, JsonValue] = Field(default={}, description="of the GraphQL query")
    expect: list[Expectation] = Field(default=[], description="CEL; one that does not hold is `down`")

    @model_validator(mode="after")
    def _one_body(self) -> Question:
        given = [
            key for name, key in _BODIES.items() if getattr(self, name) is not None and (self.form or key != "form")
        ]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are both given; keep one")
        if self.variables and self.graphql is None:
            raise ValueError("variables are given without graphql; write the query too")
        return self

    @property
    def asks_by(self) -> Method:
        """The method in force."""
        return self.method or ("POST" if self.form or self.graphql is not None else "GET")


class Step(Question):
    """`[[check.step]]`: one request of a transaction. `{name}` stands for what an earlier step saved."""

    name: Text | None = Field(default=None, description="what messages call it, instead of its number")
    url: Url = Field(description="an http or https address")
    headers: Annotated[dict[str, str], AfterValidator(_step_headers)] = Field(
        default={}, description="values may be secret references, or `{name}`"
    )
    save: Figures = Field(default={}, description='kept for later steps by name: { token = "body.token" }')


class OAuth(Table):
    """`oauth`: a token for `Authorization`, had by our own credentials and asked for again when it is refused."""

    url: Url = Field(description="where tokens are given")
    client_id: str = Field(min_length=1, description="who we are, or a secret reference to it")
    client_secret: SecretReference = Field(description="what proves it")
    scope: str | None = Field(default=None, description="what the token is for, as the vendor calls it")
    send: Literal["body", "header"] = Field(default="body", description="where the vendor wants who we are")
    refresh_token: SecretReference | None = Field(
        default=None, description="asks by this one instead of by client credentials"
    )


def _own_url(data: dict[str, Any]) -> str:
    """The address that the preset has, or the first step; empty when nobody says one."""
    preset, steps = PRESETS.get(data.get("preset") or ""), data.get("step") or ()
    if preset is not None:
        return preset.url.replace("{account}", data.get("account") or "ACCOUNT")
    return str(steps[0].url) if steps else ""


class HttpModel(Question, CheckModel):
    """One HTTP request, or `[[check.step]]` after `[[check.step]]`, and what each answer must look like."""

    kind: Literal["http"] = "http"
    preset: str | None = Field(
        default=None, description=f"a vendor whose API, errors and limits are known: {', '.join(PRESETS)}"
    )
    key: SecretReference | None = Field(default=None, description="the preset's API key")
    account: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9._~-]{1,100}$", description="who we are to the preset's vendor"
    )
    step: Annotated[tuple[Step, ...], Field(max_length=20)] = Field(default=(), description="see `[[check.step]]`")
    url: Url = Field(
        default_factory=_own_url,
        description="an http or https address; required without `step` or a `preset` that has its own",
    )
    prefer: list[Expectation] = Field(default=[], description="CEL; one that does not hold is `degraded`")
    metrics: Figures = Field(
        default={}, description="figures to keep from the answer by name: `body.queue.length`; numbers, or text of one"
    )
    oauth: OAuth | None = Field(default=None, description="see `oauth`: a bearer token had by our credentials")
    conditional: bool = Field(default=False, description="ask only for what has changed (ETag, Last-Modified)")
    redirects: int = Field(default=5, ge=0, le=20, description="how many to follow; 0 judges the redirect itself")
    redirects_to: Annotated[tuple[Host, ...], Field(max_length=20)] = Field(
        default=(), description="hosts beside that of `url` that a redirect may lead to"
    )
    verify: bool | Path = Field(
        default=True, description="false, or a PEM file of authorities, instead of the system's"
    )
    client_certificate: Path | None = Field(default=None, description="a PEM file that says who we are (mutual TLS)")
    client_key: Path | None = Field(default=None, description="its key, when it is in a file of its own")
    http2: bool = Field(default=False, description="offer HTTP/2; what was spoken is the metric `http_version`")
    proxy: Url | None = Field(
        default=None, description="an http proxy on the way; its credentials are the header `Proxy-Authorization`"
    )
    contract: ContractModel | None = Field(
        default=None, description="see `contract`: what its answers look like; another form of them is `degraded`"
    )
    reuse: bool = Field(default=False, description="keep the connection open between observations")
    max_body: Size = Field(default=MAX_BODY, le=64 * MAX_BODY, description="the largest answer, decoded")

    @field_validator("preset")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in PRESETS:
            raise ValueError(f'"{clean(value, 60)}" is no preset; write one of {", ".join(PRESETS)}')
        return value

    @field_validator("proxy")
    @classmethod
    def _plain(cls, value: str | None) -> str | None:
        if value is not None and not value.lower().startswith("http://"):
            raise ValueError('is not a proxy that we can use; write one like "http://proxy.shop.example:3128"')
        return value

    @field_validator("step")
    @classmethod
    def _saved(cls, steps: tuple[Step, ...], _: ValidationInfo) -> tuple[Step, ...]:
        known: set[str] = set()
        for number, step in enumerate(steps, 1):
            texts = [step.url, *step.headers.values(), *step.query.values(), *step.form.values()]
            for name in PLACE.findall(" ".join(texts)):
                if name not in known:
                    mend = f'write save = {{ {name} = "body.{name}" }} in one before it'
                    raise ValueError(f"number {number} needs {{{name}}}, which no earlier one saves; {mend}")
            known |= step.save.keys()
        return steps

    @model_validator(mode="after")
    def _fit(self) -> HttpModel:
        for wrong, why in self._misfits():
            if wrong:
                raise ValueError(why)
        return self

    def _misfits(self) -> list[tuple[bool, str]]:
        preset = PRESETS.get(self.preset or "")
        asked = bool(self.body or self.json_body is not None or self.form or self.graphql or self.conditional)
        wanted = "url is missing; add url = ..."
        if preset is not None and preset.mend:
            wanted = f"{preset.title} needs an address; write url = {preset.mend}"
        return [
            (not self.url, wanted),
            (preset is None and (self.key or self.account) is not None, "key and account are for a preset; name one"),
            (
                preset is not None and preset.account and self.account is None and self.key is not None,
                f"{self.preset} needs an account too; write who we are to it",
            ),
            (bool(self.step) and (asked or self.preset is not None), "step and a request are both given; keep one"),
            (self.client_key is not None and self.client_certificate is None, "client_key has no client_certificate"),
            (self.http2 and not self.url.lower().startswith("https://"), "http2 needs https; write https:// in url"),
            (self.http2 and self.reuse, "http2 and reuse are both given; keep one"),
        ]

    @property
    def target(self) -> str:
        """The address without its query: keys live there."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path or '/'}"
