"""The studies: one folder for each kind of question about networks; `tasks` in each lists its kinds of task.

To add a study, create its folder and add its name here.
"""

FOLDERS = ("training", "activity", "skips", "cells", "shortcuts", "ttfs", "tradeoffs", "inside")
