"""What the user writes: models, loading, errors with file and line, secrets."""
