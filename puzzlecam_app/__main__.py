"""`python -m puzzlecam_app` is the command line."""

import sys

from puzzlecam_app.cli import main

sys.exit(main())
