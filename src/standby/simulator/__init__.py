"""Third parties that fail on request."""
