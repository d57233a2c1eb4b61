"""When each check runs, and what becomes of a run: slots, lanes, and whether we are blind ourselves."""
