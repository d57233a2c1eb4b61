"""The rules in force: what they ask for, what their names mean, when they speak."""
