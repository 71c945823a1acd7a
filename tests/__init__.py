"""Tests mirror the source: snnviz/x/y.py is tested by tests/x/test_y.py.

Hypothesis draws the same examples every time, and no example has a deadline: the machine may be busy. To look for
new examples, run ``pytest --hypothesis-profile explore``.

Every process computes on one thread, as runs do: the tests run side by side, and a second thread mostly waits (with it
the fits of a search took five times as long).
"""

import os

from hypothesis import HealthCheck, settings

# Before anything loads numpy or torch.
os.environ["SNNVIZ_GALLERY"] = "0"  # what came with snnviz is asked for by the tests of it alone
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

settings.register_profile("explore", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("snnviz", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("snnviz")
