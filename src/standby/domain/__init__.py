"""What the words mean: pure values and rules. No I/O, no clock, no randomness, no third-party library."""
