"""The way to other machines: names, connections, TLS and HTTP, every failure told by its cause."""
