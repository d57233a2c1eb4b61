"""Alerts that others push to us: what their bodies say, whose they are, how long their word holds, who may."""
