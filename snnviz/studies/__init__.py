"""What can be asked of a network, one folder a question. In its `tasks` are the kinds of task of which it makes use.

To add one is a folder and its name here.
"""

FOLDERS = ("training", "activity", "skips", "cells", "shortcuts", "ttfs", "tradeoffs")
