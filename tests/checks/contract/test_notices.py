from __future__ import annotations

import pytest

from standby.checks.contract.notices import notices, tell
from standby.domain.units import SECOND

NOW = 1_700_000_000 * SECOND  # 2023-11-14T22:13:20Z


@pytest.mark.parametrize(
    ("headers", "metrics", "text"),
    [
        ({}, {}, ""),
        ({"deprecation": "@1699000000"}, {"deprecated_days": -11.574074}, "is deprecated"),
        ({"deprecation": "@1701000000"}, {"deprecated_days": 11.574074}, "will be deprecated"),
        ({"deprecation": "true"}, {"deprecated_days": 0.0}, "is deprecated"),
        ({"sunset": "Mon, 25 Dec 2023 22:13:20 GMT"}, {"sunset_days": 41.0}, "sunsets in 41 days"),
        ({"sunset": "Sun, 12 Nov 2023 22:13:20 GMT"}, {"sunset_days": -2.0}, "was to end 2 days ago"),
        ({"sunset": "soon", "deprecation": "when it is ready"}, {}, ""),
        ({"sunset": "Mon, 99 Dec 2023 22:13:20 GMT"}, {}, ""),
        ({"warning": '299 - "use v2"'}, {}, "use v2"),
        ({"warning": '110 - "stale"'}, {}, ""),
        ({"x-shopify-api-deprecated-reason": "https://shop.test/v\x1b]52"}, {}, "https://shop.test/v"),
    ],
)
def test_what_headers_announce(headers: dict[str, str], metrics: dict[str, float], text: str) -> None:
    found = notices(lambda name: headers.get(name, ""))
    assert found.metrics(NOW) == metrics
    assert found.text(NOW).startswith(text) if text else not found.text(NOW)
    assert bool(found) is bool(metrics or text)
    pairs = [(b"Server", b"x"), *((name.title().encode(), value.encode()) for name, value in headers.items())]
    assert tell(pairs) is bool(headers)
