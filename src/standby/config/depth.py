"""How deep values nest. Asked before anything recursive sees what came from outside. Standard library only."""

from __future__ import annotations


def deeper(value: object, limit: int) -> bool:
    """Whether lists and tables nest more than `limit` levels; walks level by level, so that depth costs no stack."""
    level = [value]
    for _ in range(limit):
        below: list[object] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
        if not below:
            return False
        level = below
    return any(isinstance(item, (dict, list)) for item in level)
