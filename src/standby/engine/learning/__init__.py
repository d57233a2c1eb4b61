"""What is usual: learned, kept over restarts, asked by rules and screens."""
