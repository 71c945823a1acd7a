"""The studies: one folder for each scientific question, with its page, commands and computations; the module `tasks` of
each lists its kinds of task.

To add a study, create its folder and add its name here.
"""

FOLDERS = ("training", "activity", "skips", "cells", "shortcuts", "ttfs", "tradeoffs", "inside")
