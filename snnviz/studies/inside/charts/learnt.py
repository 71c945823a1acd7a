"""What neurons have learnt besides weights, as a table."""

from __future__ import annotations

import pandas as pd

from snnviz.studies.inside.look import Answer


def learnt_table(answer: Answer) -> pd.DataFrame:
    """Returns a table of what neurons have learnt in addition to the weights, by layer, with the initial value; empty
    if they learn nothing.
    """
    words = {0: "stands at 0", 1: "stands at 1", None: ""}
    rows = [
        {
            "layer": layer["name"],
            "learnt": one["name"],
            "began": one["began"],
            "now": one["now"],
            "from": one["low"],
            "to": one["high"],
            "mark": words[one["ended"]],
        }
        for layer in answer.about["layers"]
        for one in layer.get("learnt", ())
    ]
    alike = all(row["from"] == row["to"] for row in rows)  # one number a layer
    unmarked = not any(row["mark"] for row in rows)
    left_out = [*(["from", "to"] if alike else []), *(["mark"] if unmarked else [])]
    return pd.DataFrame(rows).drop(columns=left_out, errors="ignore")
