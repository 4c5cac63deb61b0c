"""``python -m problems``."""

import sys

from problems.cli import main

sys.exit(main())
