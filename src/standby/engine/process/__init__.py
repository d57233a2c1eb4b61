"""The engine as a process: its lock, its signals, its successor, its end."""
