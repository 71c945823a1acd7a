"""Tests mirror the source: snnviz/x/y.py is tested by tests/x/test_y.py.

Hypothesis draws the same examples every time, and no example has a deadline: the machine may be busy. To look for
new examples, run ``pytest --hypothesis-profile explore``.
"""

from hypothesis import HealthCheck, settings

settings.register_profile("explore", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("snnviz", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("snnviz")
