"""The small part of HAProxy's runtime protocol that our own router speaks, word for word: maps and servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from standby.simulator.checkout.gateways import SERVER

_DONE = "\n"
_STATES = {"ready": 0x00, "maint": 0x01, "drain": 0x08}
_COLUMNS = (
    "be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
    "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state "
    "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr "
    "srv_agent_addr srv_agent_port"
)


@dataclass(slots=True)
class Tables:
    """One map, and backends of one server each. `answer` carries a command out; `chosen` is what the router follows."""

    map: str
    ports: Mapping[str, int]  # backend -> port of its server on loopback
    entries: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.states = dict.fromkeys(self.ports, "ready")

    def chosen(self, key: str, default: str) -> str | None:
        """The backend that traffic of `key` goes to; None when it does not exist or its server takes none."""
        backend = self.entries.get(key, default)
        return backend if self.states.get(backend) == "ready" else None

    def answer(self, command: str) -> str:
        """The reply: an empty line for a change that was made."""
        words = command.split()
        for length in (3, 2):
            act = _COMMANDS.get(" ".join(words[:length]))
            if act is not None:
                return act(self, words[length:])
        return "Unknown command, but maybe one of the following ones is a better match:\n\n"


def _show_backend(tables: Tables, _words: Sequence[str]) -> str:
    return "\n".join(["# name", *tables.ports]) + "\n\n"


def _show_state(tables: Tables, words: Sequence[str]) -> str:
    if words and words[0] not in tables.ports:
        return "Can't find backend.\n\n"
    rows = [
        f"{number} {backend} 1 {SERVER} 127.0.0.1 {0 if tables.states[backend] == 'maint' else 2} "
        f"{_STATES[tables.states[backend]]} 1 1 0 1 0 0 0 0 0 0 - {port} - 1 0 - - 0"
        for number, (backend, port) in enumerate(tables.ports.items(), 1)
        if not words or backend == words[0]
    ]
    return "\n".join(["1", f"# {_COLUMNS}", *rows]) + "\n\n"


def _show_stat(tables: Tables, words: Sequence[str]) -> str:
    if words and words[0] not in tables.ports:
        return "No such proxy.\n\n"
    rows = [f"{one},{SERVER},1,1,0," for one in tables.ports if not words or one == words[0]]
    return "\n".join(["# pxname,svname,weight,act,bck,", *rows]) + "\n\n"


def _show_map(tables: Tables, words: Sequence[str]) -> str:
    if not words:
        count = len(tables.entries)
        return (
            f"# id (file) description\n1 ({tables.map}) pattern loaded from file '{tables.map}'. entry_cnt={count}\n\n"
        )
    return (
        "".join(f"0x{number:012x} {key} {value}\n" for number, (key, value) in enumerate(tables.entries.items())) + "\n"
    )


def _get_map(tables: Tables, words: Sequence[str]) -> str:
    value = tables.entries.get(words[1])
    if value is None:
        return "type=str, case=sensitive, found=no\n\n"
    return f'type=str, case=sensitive, found=yes, idx=tree, key="{words[1]}", value="{value}", type="str"\n\n'


def _set_map(tables: Tables, words: Sequence[str]) -> str:
    if words[1] not in tables.entries:
        return "entry not found.\n\n"
    tables.entries[words[1]] = " ".join(words[2:])
    return _DONE


def _add_map(tables: Tables, words: Sequence[str]) -> str:
    tables.entries[words[1]] = " ".join(words[2:])
    return _DONE


def _del_map(tables: Tables, words: Sequence[str]) -> str:
    return "Key not found.\n\n" if tables.entries.pop(words[1], None) is None else _DONE


def _set_server(tables: Tables, words: Sequence[str]) -> str:
    backend, _, name = words[0].partition("/") if words else ("", "", "")
    if backend not in tables.ports:
        return "No such backend.\n\n"
    if name != SERVER:
        return "No such server.\n\n"
    if list(words[1:2]) != ["state"] or " ".join(words[2:]) not in _STATES:
        return "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n\n"
    tables.states[backend] = words[2]
    return _DONE


def _of_map(act: Callable[[Tables, Sequence[str]], str], least: int) -> Callable[[Tables, Sequence[str]], str]:
    """The command, once it is about our map and has its words."""

    def checked(tables: Tables, words: Sequence[str]) -> str:
        if (words or least) and list(words[:1]) != [tables.map]:
            return "Unknown map identifier. Please use #<id> or <file>.\n\n"
        if len(words) < least:
            return "Missing arguments.\n\n"
        return act(tables, words)

    return checked


_COMMANDS: Mapping[str, Callable[[Tables, Sequence[str]], str]] = {
    "show backend": _show_backend,
    "show servers state": _show_state,
    "show stat": _show_stat,
    "show cli level": lambda _tables, _words: "admin\n\n",
    "show map": _of_map(_show_map, 0),
    "get map": _of_map(_get_map, 2),
    "set map": _of_map(_set_map, 3),
    "add map": _of_map(_add_map, 3),
    "del map": _of_map(_del_map, 2),
    "set server": _set_server,
}
