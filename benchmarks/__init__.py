"""What Standby costs and how fast it is, beside the programs that people use for the same today."""
