"""The network, its training and its inference engines; the only room that imports torch."""

import os

# OpenMP reads this once, when torch is first imported. By default its threads spin while they wait,
# which halves the speed of everything on a machine that also runs a broker.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
