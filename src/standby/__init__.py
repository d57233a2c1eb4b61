"""Standby: the operations console for the third parties that a web platform depends on."""

__version__ = "0.1.0"
