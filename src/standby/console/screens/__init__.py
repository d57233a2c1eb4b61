"""One class a task: which panes it has and what they show."""
