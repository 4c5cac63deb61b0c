"""``python -m problems``."""

import sys

try:
    from problems.cli import main

    code = main()
except KeyboardInterrupt:  # while it starts
    print("interrupted", file=sys.stderr)
    code = 130
sys.exit(code)
