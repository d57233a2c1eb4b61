"""The engine's own judge over given or stored observations, on a clock of its own."""
