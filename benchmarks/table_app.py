"""The peer of the console's first paint: a bare Textual app with the same 500 lines in a DataTable, nothing else."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import DataTable

LINES = 500


class TableApp(App[None]):
    """State, name, vendor, latency, errors, message."""

    def compose(self) -> ComposeResult:
        """The table."""
        yield DataTable()

    def on_mount(self) -> None:
        """Its lines."""
        table: DataTable[str] = self.query_one(DataTable)
        table.add_columns("state", "name", "vendor", "latency", "err", "message")
        table.add_rows([("up", f"i{n}", "Local", "12 ms", "0%", "status 200 OK") for n in range(LINES)])


if __name__ == "__main__":
    TableApp().run()
