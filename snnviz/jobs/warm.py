"""Imported by the forkserver before it forks: a process forked from it starts its first training step at once."""

from snnviz.jobs import machine

machine.die_with_parent()  # before the seconds that the rest takes

from snnviz.jobs.worker import warm_up  # noqa: E402

warm_up()
