"""The lesson that ``python -m snnviz lessons new NAME`` writes."""

TEMPLATE = """+++
title = "TITLE"
minutes = 5
summary = "One sentence that makes people curious."
+++

## Predict first

```toml
page = "activity"                     # the page beneath
link = "inits=kaiming&layers=20"      # its setting: copy it from the address bar
hide = ["details", "study"]           # what is not shown
lock = ["*"]                          # what cannot be changed ...
open = ["threshold"]                  # ... but for this, once the question is answered
cover = ["figures"]                   # what is shown only after the answer

[question]
kind = "number"                       # or choice, curve, order
ask = "What share of the neurons of layer 19 spikes?"
unit = "%"
low = 0
high = 100
step = 1
tolerance = 2

[[question.ideas]]                    # a wrong idea, and what to say to who has it
low = 10
high = 100
idea = "activity is kept"
says = "Each layer hands on less than it heard."

[check]
kind = "reading"                      # or run, compare, setting, look, neuron, score
where = ["layers = 20"]
name = "spikes.kaiming.19"
```

Text with **bold**, *italic*, `code`, lists and $\\theta$. It is shown as text: no HTML, no links, no pictures.

### Explanation

What is said when the answer is known.
"""
