"""Runs the command line as `python -m marketplace`.

It exists so that the service can start from a checkout even before its console script is installed.
"""

import sys

from marketplace.cli import main

if __name__ == "__main__":
    sys.exit(main())
