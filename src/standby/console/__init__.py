"""The Textual app: one snapshot of the store in, rows of cells out, commands to the engine."""
