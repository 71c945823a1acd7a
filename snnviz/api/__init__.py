"""snnviz from Python: the same designs, the same store and the same numbers as on the pages and the command line.

`import snnviz` has all of this, and loads it when the first of it is asked for. Names are kept from one release to the
next. No function has the name of a module of the package, as importing that module would take the function's place.
"""

from snnviz.api.comparing import Comparison as Comparison
from snnviz.api.comparing import compare as compare
from snnviz.api.comparing import experiment as experiment
from snnviz.api.designs import load_design as load_design
from snnviz.api.looks import Look as Look
from snnviz.api.runs import Run as Run
from snnviz.api.runs import load_run as load_run
from snnviz.api.runs import runs as runs
from snnviz.api.training import Pending as Pending
from snnviz.api.training import submit as submit
from snnviz.api.training import train as train
