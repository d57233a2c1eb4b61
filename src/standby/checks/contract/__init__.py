"""What a third party's answers look like, learned or written down; and what has changed since."""
