"""Moving traffic: plans, runs, proof that a target answers."""
