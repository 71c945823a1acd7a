"""``python -m snnviz``."""

from snnviz.cli import main

main()
