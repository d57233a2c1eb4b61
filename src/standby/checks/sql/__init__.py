"""Looking into databases: SQLite and PostgreSQL, read-only."""

from standby.checks.sql.check import KIND

__all__ = ["KIND"]
