"""The shop's payment traffic: a few requests a second, through a router, to one of two simulated gateways."""
