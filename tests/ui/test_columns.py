"""Tables on pages are headed in one form."""

from __future__ import annotations

import ast
from pathlib import Path

import pandas as pd
import streamlit as st

from snnviz.ui.kit.columns import column, column_config
from snnviz.views.words import NAMES

ROOT = Path(__file__).resolve().parents[2]


def test_headings_begin_with_a_capital_and_are_words_of_the_pages() -> None:
    table = pd.DataFrame(columns=["network", "rate", "MACs", "p", "best", "no.", "t_min", "rank"])
    columns = {"best": st.column_config.NumberColumn("best value"), "rank": st.column_config.NumberColumn("")}
    found = column_config(table, columns | {"rate": column("rate", help="Here.")})
    labels = [each["label"] for each in found.values()]
    assert labels == ["Network", "Firing rate", "Multiplications done", "p", "Best value", "No.", "t_min", ""]
    assert (found["rate"]["help"], found["MACs"]["help"]) == ("Here.", NAMES["MACs"].help)


def test_every_table_is_headed_so() -> None:
    tables = 0
    for file in [*(ROOT / "snnviz").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        source = file.read_text(encoding="utf-8")
        if ".dataframe(" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "dataframe":
                tables += 1
                given = [ast.unparse(each.value) for each in node.keywords if each.arg == "column_config"]
                assert given, f"{file.name}:{node.lineno}"
                assert given[0].startswith("column_config("), f"{file.name}:{node.lineno}"
    assert tables >= 14
