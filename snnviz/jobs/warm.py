"""Imported by the forkserver before it forks: a process forked from it starts its first training step at once."""

from snnviz.jobs import machine
from snnviz.jobs.worker import warm_up

machine.end_with_parent()
warm_up()
