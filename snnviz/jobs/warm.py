"""Imported by the forkserver before it forks, so that forked processes start training without importing torch."""

from snnviz.jobs import machine

machine.die_with_parent()  # before the seconds that the rest takes

from snnviz.jobs.worker import warm_up  # noqa: E402

warm_up()
