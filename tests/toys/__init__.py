"""Two kinds of task that snnviz does not know: what somebody adds is this folder, and one line that names it."""
