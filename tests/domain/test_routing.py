"""The tree of routes: what is inherited, whose key is whose, what a group is called."""

from __future__ import annotations

import pytest

from standby.domain.matchers import parse_matchers
from standby.domain.routing import Route, Written, group_key, group_labels, grow, routes_of
from standby.domain.units import HOUR, MINUTE, SECOND

TEAM = parse_matchers('team="pay"')


def receivers(root: Route, **labels: str) -> list[str]:
    return [route.options.receiver for route in routes_of(root, labels)]


def test_the_defaults_are_those_of_alertmanager() -> None:
    options = grow(Written(receiver="ops")).options
    assert (options.group_wait_ns, options.group_interval_ns, options.repeat_interval_ns) == (
        30 * SECOND,
        5 * MINUTE,
        4 * HOUR,
    )


def test_a_child_inherits_what_it_does_not_say() -> None:
    child = Written(TEAM, group_wait_ns=0, quiet=())
    root = grow(Written(receiver="ops", group_by=["job"], quiet=["night"], active=["week"], routes=[child]))
    options = root.routes[0].options
    assert options.receiver == "ops"
    assert options.group_by == {"job"}
    assert options.group_wait_ns == 0
    assert options.quiet == ()
    assert options.active == ("week",)


def test_the_root_takes_what_no_child_takes_and_go_on_asks_the_siblings() -> None:
    first, second = Written(TEAM, go_on=True, receiver="a"), Written(TEAM, receiver="b")
    root = grow(Written(receiver="ops", routes=[first, second, Written(receiver="c")]))
    assert receivers(root, team="pay") == ["a", "b"]
    assert receivers(root, team="web") == ["c"]
    assert receivers(grow(Written(receiver="ops", routes=[first])), team="web") == ["ops"]


def test_routes_with_the_same_matchers_have_their_own_keys() -> None:
    child = Written(parse_matchers('b="2", a="1"'))
    root = grow(Written(routes=[child, child]))
    assert [route.key for route in root.routes] == ['{}/{a="1",b="2"}', '{}/{a="1",b="2"}#2']


def test_a_group_is_named_after_what_its_alerts_have_in_common() -> None:
    labels = {"job": 'pay"s', "zone": "a"}
    by_job = grow(Written(group_by=["job", "absent"]))
    assert group_labels(by_job, labels) == {"job": 'pay"s'}
    assert group_key(by_job, labels) == '{}:{job="pay\\"s"}'
    by_all = grow(Written(group_by=["..."]))
    assert group_labels(by_all, labels) == labels
    assert group_key(by_all, labels) == '{}:{job="pay\\"s", zone="a"}'
    assert group_key(grow(Written()), labels) == "{}:{}"


SERVICE = ["cluster", "alertname", "service"]
GROUPED = grow(
    Written(
        receiver="prod",
        group_by=["alertname"],
        routes=[
            Written(parse_matchers("env=testing"), receiver="testing", group_by=["service", "alertname"]),
            Written(parse_matchers("env=prod"), receiver="prod", group_by=SERVICE, go_on=True),
            Written(parse_matchers("kafka=yes"), receiver="kafka", group_by=SERVICE),
        ],
    )
)


@pytest.mark.parametrize(
    ("labels", "keys"),
    [
        ("alertname=Other,cluster=c,service=d", {"prod": '{}:{alertname="Other"}'}),
        ("alertname=T,env=testing,service=api", {"testing": '{}/{env="testing"}:{alertname="T", service="api"}'}),
        ("alertname=H,env=prod,service=api", {"prod": '{}/{env="prod"}:{alertname="H", service="api"}'}),
        (
            "alertname=L,cluster=b,env=prod,kafka=yes",
            {
                "prod": '{}/{env="prod"}:{alertname="L", cluster="b"}',
                "kafka": '{}/{kafka="yes"}:{alertname="L", cluster="b"}',
            },
        ),
    ],
)
def test_an_alert_is_in_one_group_of_each_route_that_takes_it(labels: str, keys: dict[str, str]) -> None:
    given = {one.name: one.value for one in parse_matchers(labels)}
    assert {one.options.receiver: group_key(one, given) for one in routes_of(GROUPED, given)} == keys
