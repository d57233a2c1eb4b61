"""Reading a whole configuration: what is taken, and every way in which it is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from tests.config.kinds import GOOD, KINDS, Http, complaints, line_of, loaded, write

from standby.config.discover import sample_path
from standby.config.fields import check_host
from standby.config.load import load
from standby.config.problems import ConfigError
from standby.domain.outcome import Criticality, Environment, Severity
from standby.domain.units import DAY, MINUTE, SECOND
from standby.engine.kinds import kinds


def test_a_good_configuration_is_taken_whole(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    assert config.settings.name == "shop-eu"
    assert config.settings.environment is Environment.PRODUCTION
    assert config.store == tmp_path / "standby.db"
    assert config.settings.retention.raw == 2 * DAY
    assert config.settings.retention.max_size == 2_000_000_000
    assert [vendor.title for vendor in config.vendors] == ["Acme Pay", "stockroom"]
    payments = config.integration_by_id["payments"]
    assert (payments.rto, payments.rpo, payments.criticality) == (5 * MINUTE, MINUTE, Criticality.CRITICAL)
    check = config.check_by_id["payments-api"]
    assert isinstance(check, Http)
    assert (check.every, check.timeout, check.retry_every) == (10 * SECOND, 5 * SECOND, 10 * SECOND)
    assert check.expect[1] == "body.status == 'ok'"
    (rule,) = config.rules
    assert (rule.for_, rule.keep_firing_for, rule.severity) == (30 * SECOND, 2 * MINUTE, Severity.CRITICAL)
    assert config.simulator is None


def test_what_is_left_out_has_sensible_defaults(tmp_path: Path) -> None:
    stock = loaded(tmp_path).check_by_id["stock"]
    assert (stock.every, stock.timeout, stock.retry_every, stock.attempts) == (MINUTE, 10 * SECOND, 15 * SECOND, 3)
    quick = loaded(tmp_path, GOOD.replace("port = 2775", 'port = 1\nevery = "2s"')).check_by_id["stock"]
    assert (quick.timeout, quick.retry_every) == (1600 * SECOND // 1000, 2 * SECOND)


def test_an_integration_without_a_rule_is_told_about_when_it_is_down(tmp_path: Path) -> None:
    built_in = [rule for rule in loaded(tmp_path).rules_in_force if rule.id == "down"]
    assert [(rule.integration, rule.severity, rule.for_) for rule in built_in] == [("inventory", Severity.WARNING, 0)]
    assert built_in[0].window == 3 * MINUTE


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("error_rate > 0.05", True),
        ("failures >= 3", True),
        ("availability < 0.99", True),
        ("burn_page", True),
        ("outcome == 'down'", True),
        ("outcome != 'up'", True),
        ("checks['payments-api'].outcome == 'down'", True),
        ("measured == 'down' && stated == 'up'", True),
        ("latency_p95_ms > 800.0", False),
        ("outcome == 'degraded'", False),
        ("stated == 'down'", False),
        ("certificate_days < 14.0", False),
    ],
)
def test_a_rule_about_something_else_does_not_take_the_place_of_down(tmp_path: Path, when: str, told: bool) -> None:
    config = loaded(tmp_path, GOOD.replace('when = "error_rate > 0.05"', f'when = "{when}"\nobjective = 99.9'))
    assert "payments" in config.integration_by_id
    assert ("payments" not in config.untold) is told
    assert any(rule.integration == "payments" and rule.id == "down" for rule in config.rules_in_force) is not told


def test_the_sample_loads_with_the_real_kinds_of_checks() -> None:
    config = load(sample_path(), kinds())
    assert len(config.integrations) == 8
    assert config.simulator is not None
    assert {check.kind for check in config.checks} >= {"http", "tcp", "tls"}


def test_the_smallest_form_of_one_line_a_table_is_taken(tmp_path: Path) -> None:
    text = """
standby = { name = "my-shop", environment = "production" }
vendor = [{ id = "acme", name = "Acme Pay" }]
integration = [{ id = "payments", vendor = "acme", criticality = "critical", owner = "me" }]
check = [{ id = "api", integration = "payments", kind = "http", url = "https://api.acme.example/", every = "10s" }]
"""
    assert complaints(tmp_path, text) == []


REFUSED = tomllib.loads((Path(__file__).parent / "refused.toml").read_text())["case"]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["said"])
def test_one_mistake_is_one_line_at_its_place(tmp_path: Path, case: dict[str, str]) -> None:
    written, instead, said = case["written"], case["instead"], case["said"]
    assert written in GOOD
    text = GOOD.replace(written, instead, 1)
    lines = complaints(tmp_path, text)
    (found,) = [line for line in lines if said in line]
    assert all(line == found or "there is no vendor" in line for line in lines)  # whoever named an id that is gone
    assert "hunter2" not in found
    if instead and "\n" not in instead:
        assert found.startswith(f"config.toml:{line_of(GOOD, written.strip())}: ")


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = GOOD
    for written, instead in (
        ('name = "shop-eu"', "nam = 3"),
        ("concurrency = 4", "concurrency = -1"),
        ('vendor = "stockroom"', 'vendor = "stokroom"\nrto = 5'),
        ('timeout = "5s"', 'timeout = "11s"'),
        ("status == 200", "statos == 200"),
        ("port = 2775", 'port = "x"'),
        ('severity = "critical"', 'severity = "loud"\n\n[[rulez]]\nid = "x"'),
    ):
        text = text.replace(written, instead, 1)
    lines = complaints(tmp_path, text)
    for said in (
        'standby.nam: is not a key of this table; did you mean "name"?',
        "standby.name: is missing",
        "vendor[stockroom].concurrency: -1 is too small",
        'integration[inventory].vendor: there is no vendor "stokroom"; did you mean "stockroom"?',
        'integration[inventory].rto: 5 has no unit; write one like "5s"',
        "check[payments-api].timeout: 11s is not below",
        'check[payments-api].expect[0]: column 1: "statos"',
        'check[stock].port: "x" is not a whole number',
        'rule[payments-errors].severity: "loud" is not one of',
        'rulez: is not a table of a configuration; did you mean "rule"?',
    ):
        assert any(said in line for line in lines), (said, lines)
    assert len(lines) == 10
    numbers = [int(line.split(":")[1]) for line in lines]
    assert numbers == sorted(numbers)


def test_the_same_id_twice_names_both_places(tmp_path: Path) -> None:
    write(tmp_path, '[[vendor]]\nid = "other"\n\n[[vendor]]\nid = "acme-pay"\n', "conf.d/more.toml")
    text = 'include = ["conf.d/*.toml"]\n' + GOOD
    place = line_of(text, 'id = "acme-pay"')
    assert complaints(tmp_path, text) == [
        f"conf.d/more.toml:5: vendor[acme-pay].id: is taken already at config.toml:{place}; give one of them another id"
    ]


def test_a_circle_of_needs_is_told_once(tmp_path: Path) -> None:
    text = GOOD.replace('vendor = "stockroom"\n', 'vendor = "stockroom"\ndepends_on = ["payments"]\n')
    (line,) = complaints(tmp_path, text)
    assert "integration[inventory].depends_on[0]: goes in a circle: payments -> inventory -> payments" in line


def test_a_chain_of_thousands_is_no_circle(tmp_path: Path) -> None:
    chain = "".join(
        f'[[integration]]\nid = "i{n}"\nvendor = "acme-pay"\ndepends_on = ["i{n + 1}"]\n' for n in range(3000)
    )
    assert complaints(tmp_path, GOOD + chain + '[[integration]]\nid = "i3000"\nvendor = "acme-pay"\n') == []


def test_a_rule_that_could_never_speak_is_refused(tmp_path: Path) -> None:
    text = (
        GOOD
        + '[[integration]]\nid = "idle"\nvendor = "acme-pay"\n\n'
        + '[[rule]]\nid = "r"\nintegration = "idle"\nwhen = "error_rate > 0.1"\n'
    )
    (line,) = complaints(tmp_path, text)
    assert 'rule[r].integration: integration "idle" has no check, so this rule could never speak' in line


def test_included_files_are_part_of_the_configuration(tmp_path: Path) -> None:
    parts = GOOD.split("[[check]]")
    write(tmp_path, "[[check]]" + parts[1] + "[[check]]" + parts[2], "conf.d/checks.toml")
    config = loaded(tmp_path, 'include = ["conf.d/*.toml"]\n' + parts[0])
    assert {check.id for check in config.checks} == {"payments-api", "stock"}
    assert [path.name for path in config.files] == ["config.toml", "checks.toml"]
    assert config.digest == loaded(tmp_path).digest


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("../*.toml", "leaves this folder; include files beside this one"),
        ("/etc/passwd", "leaves this folder"),
        ("nothing/*.toml", '"nothing/*.toml" finds no file; write a path that is there, or leave it out'),
        ("config.toml", "config.toml includes itself; take one of the includes out"),
        ("[", "finds no file"),
        ("conf.d", "conf.d:1: is a directory, not a file"),
    ],
)
def test_includes_that_do_not_work_are_told(tmp_path: Path, pattern: str, said: str) -> None:
    (tmp_path / "conf.d").mkdir()
    lines = complaints(tmp_path, f'include = ["{pattern}"]\n' + GOOD)
    assert len(lines) == 1
    assert said in lines[0]


def test_files_that_include_each_other_are_told(tmp_path: Path) -> None:
    write(tmp_path, 'include = ["b.toml"]\n', "a.toml")
    write(tmp_path, 'include = ["a.toml"]\n', "b.toml")
    (line,) = complaints(tmp_path, 'include = ["a.toml"]\n' + GOOD)
    assert line == "b.toml:1: include: a.toml includes itself; take one of the includes out"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = write(tmp_path / "elsewhere", '[[vendor]]\nid = "x"\n', "x.toml")
    home = tmp_path / "home"
    home.mkdir()
    (home / "x.toml").symlink_to(outside)
    (line,) = complaints(home, 'include = ["x.toml"]\n' + GOOD)
    assert "x.toml leads out of this folder" in line


def test_settings_stay_in_the_main_file(tmp_path: Path) -> None:
    write(tmp_path, '[standby]\nname = "x"\n', "a.toml")
    (line,) = complaints(tmp_path, 'include = "a.toml"\n' + GOOD)
    assert line == "a.toml:1: standby: does not belong in an included file; move it to the main file"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[vendor]\nid = 'x'\n", "vendor: is one table, not a list of tables; write [[vendor]] with two brackets"),
        ("vendor = [1]\n", "vendor[#1]: is not a table; write [[vendor]] and its keys"),
        ("check = 'x'\n", "check: is one table, not a list of tables"),
        ("standby = 3\n", "standby: is not a table"),
        ("simulator = []\n", "simulator: is not a table"),
        ("include = 3\n", "include: is not a list of paths"),
        ("include = [3]\n", "include: is not a path"),
        ("", "config.toml:1: standby: is missing; add [standby]"),
    ],
)
def test_wrong_shapes_are_told(tmp_path: Path, text: str, said: str) -> None:
    lines = complaints(tmp_path, text)
    assert any(said in line for line in lines), lines
    assert all(line.startswith("config.toml:") for line in lines)


def test_names_in_messages_are_clean(tmp_path: Path) -> None:
    text = GOOD.replace('id = "stockroom"', 'id = "a\\u001b]52;c;eA==\\u0007\\u202eb"')
    lines = complaints(tmp_path, text)
    assert lines
    assert all(line.isprintable() for line in lines)


def test_digests_follow_the_content_only(tmp_path: Path) -> None:
    one = loaded(tmp_path).digest
    assert loaded(tmp_path, "# a comment\n" + GOOD.replace('name = "Acme Pay"', 'name   =   "Acme Pay"')).digest == one
    assert loaded(tmp_path, GOOD.replace("Acme Pay", "Acme Bay")).digest != one
    assert loaded(tmp_path, GOOD.replace('timeout = "5s"', 'timeout = "4s"')).digest != one
    assert len(one) == 32


def test_a_missing_file_is_told_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "no.toml", KINDS, shown="no.toml")
    assert str(caught.value) == "no.toml:1: there is no such file; write it, or name another with --config"


def test_a_program_in_a_file_that_others_can_write_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace("env:ACME_TOKEN", "cmd:pass show acme") + (
        '[[check]]\nid = "plugin"\nintegration = "payments"\nkind = "command"\ncommand = ["/bin/true"]\n'
    )
    path = write(tmp_path, text)
    assert load(path, KINDS).check_by_id["plugin"].target == "/bin/true"
    path.chmod(0o666)
    with pytest.raises(ConfigError) as caught:
        load(path, KINDS, shown="config.toml")
    first, second = str(caught.value).splitlines()
    assert "check[payments-api].headers.Authorization: names a program in a file that others can write" in first
    assert first.endswith("run: chmod go-w config.toml")
    assert "check[plugin].command: names a program" in second


def test_a_file_without_programs_may_be_anybodys(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    path.chmod(0o666)
    assert load(path, KINDS).settings.name == "shop-eu"


@pytest.mark.parametrize("host", ["bücher.example", "ドメイン.example."])
def test_a_host_may_be_in_any_script(host: str) -> None:
    assert check_host(host) == host


@pytest.mark.parametrize("host", ["ü..example", "ü" * 70, "ü ü.example"])
def test_a_host_that_has_no_punycode_is_refused_with_a_mend(host: str) -> None:
    with pytest.raises(ValueError, match="is not a host; write one like"):
        check_host(host)
