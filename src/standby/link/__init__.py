"""The socket between people's programs and the engine: commands, receipts, presence."""
