"""Many silences over many things: the same answers as asking each about each, however they come and go."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from standby.domain.matchers import Matcher
from standby.domain.silence import Silence, Silences, expire

LABELS = [{"vendor": vendor, "zone": zone} for vendor in ("acme", "bank") for zone in ("eu", "us")]
MATCHERS = [
    [[Matcher("vendor", "acme")]],
    [[Matcher("zone", "e.*", regex=True), Matcher("vendor", "bank")]],
    [[Matcher("zone", "us")], [Matcher("vendor", "bank", equal=False)]],
]
NUMBER = st.integers(0, 3)
DEED = st.one_of(
    st.tuples(st.just("set"), NUMBER, st.sampled_from(MATCHERS), st.integers(0, 9), st.integers(1, 10)),
    st.tuples(st.just("expire"), NUMBER),
    st.tuples(st.just("drop"), NUMBER),
    st.tuples(st.just("relabel"), NUMBER, st.sampled_from(LABELS)),
    st.tuples(st.just("forget"), NUMBER),
    st.tuples(st.just("ask"), NUMBER),
)


@given(st.lists(DEED, max_size=30))
def test_it_answers_as_if_each_were_asked_about_each(deeds: list[tuple[object, ...]]) -> None:
    silences, plain = Silences(), dict[int, Silence]()
    labels = {number: LABELS[number] for number in range(4)}
    for now, (deed, number, *more) in enumerate(deeds):
        assert isinstance(number, int)
        if deed == "set":
            matchers, starts, span = more
            plain[number] = Silence(number, matchers, starts, starts + span)  # type: ignore[operator, arg-type]
            silences.keep(plain[number])
        elif deed == "expire" and number in plain:
            plain[number] = expire(plain[number], now)
            silences.keep(plain[number])
        elif deed == "drop":
            plain.pop(number, None)
            silences.drop(number)
        elif deed == "relabel":
            labels[number] = dict(more[0])  # type: ignore[call-overload]
        elif deed == "forget":
            silences.forget(number)
        else:
            theirs = {one.id for one in plain.values() if one.mutes(labels[number], now)}
            assert {one.id for one in silences.muting(number, labels[number], now)} == theirs
    assert {one.id for one in silences} == set(plain)


def test_a_pair_is_asked_about_once() -> None:
    asked: list[str] = []

    class Counting(dict[str, str]):
        def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
            asked.append(name)
            return super().get(name, default)

    silences, labels = Silences(), Counting(vendor="acme")
    silence = Silence(1, MATCHERS[0], 0, 10)
    silences.keep(silence)
    for now in range(5):
        assert silences.muting(7, labels, now) == [silence]
    silences.keep(replace(silence, ends_at=20))
    assert [one.ends_at for one in silences.muting(7, labels, 15)] == [20]
    assert asked == ["vendor"]
