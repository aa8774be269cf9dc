"""The science of Puzzle-CAM: arrays and files in, arrays and files out; no database, no screen."""

import os

# OpenMP reads this once, when torch is loaded. Its threads otherwise spin while they wait: with another busy
# process on the same cores (a browser, a training run) the CAMs of one picture took 15 s instead of 2.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
