"""Entry point of ``python -m snnviz``."""

import sys

try:
    from snnviz.commands import main

    main()
except KeyboardInterrupt:  # before the command had begun
    sys.exit(130)
