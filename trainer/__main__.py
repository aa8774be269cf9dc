"""`python -m trainer`: the trainer without the app."""

import sys

from trainer.cli import main

if __name__ == "__main__":
    sys.exit(main())
