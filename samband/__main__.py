"""``python -m samband``."""

import sys

from samband.cli import main

if __name__ == "__main__":
    sys.exit(main())
