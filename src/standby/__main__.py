"""Run the command line as `python -m standby`."""

import sys

from standby.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
