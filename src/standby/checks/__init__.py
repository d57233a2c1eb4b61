"""Ways to look at a third party: one file a kind."""
