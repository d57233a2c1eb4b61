"""Why nobody is told about an alert that fires: silences, windows, other alerts."""
