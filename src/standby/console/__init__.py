"""The screens: they read the store and send commands, and never write."""
