from snnviz.api import Comparison as Comparison
from snnviz.api import Look as Look
from snnviz.api import Pending as Pending
from snnviz.api import Run as Run
from snnviz.api import compare as compare
from snnviz.api import experiment as experiment
from snnviz.api import load_design as load_design
from snnviz.api import load_run as load_run
from snnviz.api import runs as runs
from snnviz.api import submit as submit
from snnviz.api import train as train

__version__: str
__all__: list[str]
