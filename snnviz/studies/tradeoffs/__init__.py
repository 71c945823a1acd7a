"""The study "Trade-offs": experiments that vary any fields of a design, compared and weighed against each other.

A group are the runs of one design with different seeds; all numbers are means over the seeds of a group.
"""
