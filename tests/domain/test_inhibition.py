"""Who inhibits whom, against the rule written out for every pair."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from standby.domain.inhibition import Inhibition, Rule
from standby.domain.matchers import match_all, parse_matchers

RULES = (
    Rule(parse_matchers('s="1"'), parse_matchers('t="1"'), ("e",)),
    Rule(parse_matchers('s="2"'), parse_matchers('t=~".+"')),
)
ALERTS = st.lists(st.dictionaries(st.sampled_from("ste"), st.sampled_from(["", "1", "2"])), min_size=1, max_size=6)


@given(ALERTS)
def test_every_pair(alerts: list[dict[str, str]]) -> None:
    inhibition = Inhibition(RULES, dict(enumerate(alerts)))
    for target in alerts:
        assert list(inhibition.sources_of(target)) == [
            (place, sources[0])
            for place, rule in enumerate(RULES)
            if (sources := [number for number, source in enumerate(alerts) if holds(rule, source, target)])
        ]


def holds(rule: Rule, source: dict[str, str], target: dict[str, str]) -> bool:
    both = match_all(rule.source, target) and match_all(rule.target, source)
    equal = all(source.get(name, "") == target.get(name, "") for name in rule.equal)
    return match_all(rule.source, source) and match_all(rule.target, target) and equal and not both


@given(ALERTS, st.data())
def test_what_ended_is_as_if_it_had_never_fired(alerts: list[dict[str, str]], data: st.DataObject) -> None:
    firing = dict(enumerate(alerts))
    inhibition = Inhibition(RULES, firing)
    for over in data.draw(st.sets(st.sampled_from(sorted(firing)))):
        inhibition.drop(over, firing.pop(over))
    fresh = Inhibition(RULES, firing)
    assert [list(inhibition.sources_of(one)) for one in alerts] == [list(fresh.sources_of(one)) for one in alerts]


@given(ALERTS)
def test_no_two_inhibit_each_other_by_one_rule(alerts: list[dict[str, str]]) -> None:
    inhibition = Inhibition(RULES, dict(enumerate(alerts)))
    by = {(place, source, number) for number, one in enumerate(alerts) for place, source in inhibition.sources_of(one)}
    assert not any((place, target, source) in by for place, source, target in by)
