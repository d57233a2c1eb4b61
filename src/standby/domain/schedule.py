"""When checks run: a grid of slots for each, spread by name, the same after every restart.

A slot is an instant `offset + n * every`, in integer nanoseconds since 1970 UTC.
"""

from __future__ import annotations

from hashlib import blake2b


def offset(check_id: str, every: int) -> int:
    """Where in its interval a check runs, `0 <= offset < every` nanoseconds: from its id alone (S12)."""
    digest = blake2b(check_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) % every


def slot_at(check_id: str, every: int, now: int) -> int:
    """The last slot at or before `now`."""
    start = offset(check_id, every)
    return (now - start) // every * every + start


def slot_after(check_id: str, every: int, now: int) -> int:
    """The first slot later than `now`."""
    return slot_at(check_id, every, now) + every


def missed(last: int, slot: int, every: int) -> int:
    """How many slots lie between a run at `last`, on the grid or off it, and one at `slot`, which is on it.

    0 when `slot` follows directly, or the clock stepped back.
    """
    return max(0, (slot - last - 1) // every)
