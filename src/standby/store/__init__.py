"""What happened: schema, queries, retention."""
