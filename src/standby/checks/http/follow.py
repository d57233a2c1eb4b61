"""One exchange with its redirects."""

from __future__ import annotations

from collections.abc import Collection

import httpx

from standby.checks.http.model import HttpModel
from standby.checks.redirects import STATUSES, allow, following, place
from standby.config.revealed import Revealed
from standby.domain.observation import Failure
from standby.net.answer import Answered
from standby.net.transport import Exchanger
from standby.net.trouble import Trouble


async def follow(
    transport: Exchanger, request: httpx.Request, model: HttpModel, private: Collection[str], revealed: Revealed
) -> Answered:
    """The answer after the last redirect, its body unread. `private` headers stay with their origin. Raises Trouble."""
    first = request.url
    for hop in range(model.redirects + 1):
        try:
            answer = await transport.exchange(request)
        except Trouble as trouble:
            if hop == 0:
                raise
            where = f"after a redirect to {place(request.url)}: {trouble}"
            raise Trouble(trouble.failure, where, trouble.outcome) from trouble
        status = answer.status_code
        location = answer.headers.get("location") if status in STATUSES and model.redirects else None
        if location is None:
            return answer
        peer = answer.peer
        await answer.aclose()
        try:
            moved = following(request, status, location, private)
            allow(first, moved, model.redirects_to, peer)
            request = moved
        except (httpx.InvalidURL, UnicodeError) as error:
            raise Trouble(Failure.REDIRECT, revealed.redact(f"a redirect to nowhere: {error}")) from error
    raise Trouble(Failure.REDIRECT, f"more than {model.redirects} redirects, the last to {place(request.url)}")
