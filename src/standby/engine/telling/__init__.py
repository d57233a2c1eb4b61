"""Who is told, over which channel, until somebody has it."""
