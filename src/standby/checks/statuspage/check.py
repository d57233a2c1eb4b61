"""`kind = "statuspage"`: what a vendor's own status page says, whatever its form."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from standby.checks.api import Api, ApiCheck, ApiModel, Finding, accepted, unreadable
from standby.checks.base import Kind
from standby.checks.statuspage import forms
from standby.checks.statuspage.forms import BY_NAME, Form
from standby.checks.statuspage.homemade import Html
from standby.checks.statuspage.judge import judge
from standby.config.fields import Text, Url
from standby.domain.announced import Belief
from standby.domain.observation import Failure
from standby.domain.text import clean
from standby.net.trouble import Trouble

_ACCEPT = {"Accept": "application/json, application/xml;q=0.9, */*;q=0.8"}
_EXPERIMENTAL = ", ".join(form.name for form in forms.FORMS if form.experimental)


def _known(name: str) -> str:
    if name not in BY_NAME:
        raise ValueError(f'"{clean(name, 40)}" is no form; there are {", ".join(BY_NAME)}')
    return name


class StatusPageModel(ApiModel):
    """A vendor's status page: the worst of its own word and of the components that you watch."""

    kind: Literal["statuspage"] = "statuspage"
    url: Url = Field(description="the page as people open it, or one of its documents or feeds")
    form: Annotated[str, AfterValidator(_known)] | None = Field(
        default=None,
        description="told from the answer; write it when that fails, and for `json` and `html`, which are read by "
        f"their words. Experimental, since no recording was at hand: {_EXPERIMENTAL}",
    )
    components: tuple[Text, ...] = Field(
        default=(), max_length=200, description="names with `*` and `?`, or their headings; all when left out"
    )
    announced: Belief | None = Field(
        default=None, description="which alerts the work that it announces keeps quiet; as its vendor says"
    )
    indicator: bool = Field(
        default=True, description="false: the page's word about the whole does not count beside your components"
    )


class StatusPageCheck(ApiCheck[StatusPageModel]):
    """Looks at the documents behind a page; where they are is found out once."""

    def __init__(self, model: StatusPageModel) -> None:
        super().__init__(model)
        self._found: str | None = None  # the address that answered in a known form

    async def look(self, api: Api) -> Finding:
        """Ask the page, once for all checks of it. May raise Trouble; `unknown` then."""
        try:
            address, document, form = await self._first(api)
        except Trouble as trouble:
            if moved(trouble):
                self._found = None
            raise
        self._found = address
        documents = [document, *await self._further(api, form, address)]
        page = forms.read(form, documents, address)
        return judge(page, self.model.components, api.now, indicator=self.model.indicator)

    async def _first(self, api: Api) -> tuple[str, Any, Form]:
        """The address, its document and the form of that. Raises Trouble: what went wrong where it was likeliest."""
        first: Trouble | None = None
        for address in self._addresses():
            try:
                reply = accepted(await api.shared(address, headers=_ACCEPT))
                document = forms.document_of(reply)
                form = self._form(document, address)
            except Trouble as trouble:
                if not moved(trouble):
                    raise
                first = first or trouble
            else:
                api.decides(reply)
                return address, document, form
        raise first or unreadable("the page's address cannot be told; write that of its document as url")

    def _form(self, document: Any, address: str) -> Form:  # noqa: ANN401 - what `document_of` gives
        form = BY_NAME[self.model.form] if self.model.form else forms.form_of(document, address)
        if form is not None and (form.fits(document) or document == []):
            return form
        what = "HTML for people" if isinstance(document, Html) else "a document of no form that is known"
        parts = urlsplit(address)
        raise unreadable(
            f"{parts.scheme}://{parts.netloc}{parts.path} answers {what}; write the address of the page's API or feed"
        )

    def _addresses(self) -> list[str]:
        """Where to ask, in this order."""
        url, named = self.model.url, self.model.form
        if self._found is not None:
            return [self._found]
        form = BY_NAME[named] if named else forms.form_of_host(url)
        if forms.is_document(url):
            return [url]
        if form is not None:
            address = forms.address_of(form, url)
            return [address] if address else [url]
        return [*filter(None, (forms.address_of(guess, url) for guess in forms.guesses(url))), url]

    async def _further(self, api: Api, form: Form, address: str) -> list[Any]:
        """Further documents of the page; without those that do not answer when they are not needed."""
        documents = []
        for more in form.more(urlsplit(address), bool(self.model.components)):
            try:
                documents.append(forms.document_of(accepted(await api.shared(more, headers=_ACCEPT))))
            except Trouble:
                if self.model.components:
                    raise
        return documents


def moved(trouble: Trouble) -> bool:
    """Whether a trouble may mean that the page is elsewhere, or of another make: not one that passes by itself."""
    return trouble.failure in (Failure.UNREADABLE, Failure.REQUEST, Failure.REDIRECT)


KIND = Kind("statuspage", StatusPageModel, StatusPageCheck)
