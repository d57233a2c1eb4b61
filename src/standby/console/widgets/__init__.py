"""The few widgets: they place rows and repaint the cells that changed."""
