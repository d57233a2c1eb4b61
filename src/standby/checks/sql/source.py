"""A query and the database that it is asked of, as checks name them."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from standby.checks.apart import Apart
from standby.checks.base import Context
from standby.checks.sql import postgres, sqlite
from standby.checks.sql.rows import Rows
from standby.config.fields import SecretReference
from standby.config.models import Table
from standby.config.revealed import reveal
from standby.domain.units import SECOND
from standby.net.trouble import Trouble

LONGEST_QUERY = 20_000
_SHARE = 0.9  # of the check's timeout: the database ends the query before we give up on it


class SqlKeys(Table):
    """Where a database is, and what it is asked. Everything is read-only."""

    database: Path | None = Field(default=None, description="a SQLite file; relative to the configuration's folder")
    dsn: SecretReference | None = Field(
        default=None, description="where the address of a PostgreSQL is: `postgresql://user:password@host/name`"
    )
    query: str = Field(min_length=1, max_length=LONGEST_QUERY, description="one SELECT; of a user who may only read")
    verify: bool | Path = Field(
        default=True,
        description="false, or a PEM file of authorities, instead of the system's; none for a database on this machine",
    )

    @model_validator(mode="after")
    def _one_database(self) -> SqlKeys:
        if (self.database is None) == (self.dsn is None):
            raise ValueError('needs one of database and dsn; write database = "shop.db" or dsn = "env:SHOP_DSN"')
        return self


class Database:
    """The database of one check."""

    def __init__(self, keys: SqlKeys, check_id: str) -> None:
        self._keys = keys
        self._apart: Apart[Rows] = Apart(check_id)

    async def fetch(self, context: Context, *, most: int, within: int) -> Rows:
        """At most `most` rows, `within` so many ns. Raises Trouble (`unknown`) and SecretError."""
        keys, clock = self._keys, context.clock
        if keys.database is not None:
            path = context.base / keys.database
            limits = sqlite.Limits(most, clock.monotonic() + int(within * _SHARE))
            return await self._apart.run(lambda: sqlite.query(path, keys.query, limits, clock.monotonic))
        revealed = await reveal(context.secrets, [keys.dsn or ""])
        where = postgres.place(revealed.values[0])
        ask = postgres.Ask(keys.query, most, within / SECOND * _SHARE, keys.verify)
        try:
            return await postgres.query(context, where, ask)
        except Trouble as trouble:
            message = revealed.redact(str(trouble))
            raise Trouble(trouble.failure, message, trouble.outcome) from None
