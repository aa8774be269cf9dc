"""The science of Puzzle-CAM: arrays and files in, arrays and files out; no database, no screen."""

import os

# OpenMP reads both once, when torch is loaded. Its threads otherwise spin for milliseconds while they wait:
# with another busy process on the same cores (a browser, a training run) the CAMs of one picture took 15 s
# instead of 2. Threads that sleep at once make a step wait for the system thousands of times; GNU's OpenMP
# can be told to spin for as long as such a wait takes, tenths of a millisecond, and obeys this first.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "20000")
