"""Ways to move traffic: one file a director."""
