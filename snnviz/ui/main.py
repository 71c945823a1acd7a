"""The main script: page configuration and navigation."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # streamlit puts only this file's folder there
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from snnviz.tasks import KINDS, resolve  # noqa: E402
from snnviz.ui.kit import announcing, notices, services, state  # noqa: E402
from snnviz.ui.kit.store_errors import show_store_errors  # noqa: E402
from snnviz.ui.kit.words import escape_markdown  # noqa: E402

# Before the navigation, which would have a browser fetch the page's symbol from elsewhere.
st.set_page_config(page_icon=str(ROOT / "snnviz" / "ui" / "icon.png"), layout="wide")
page = st.navigation(
    [
        st.Page(ROOT / "pages" / "design.py", title="Design", icon=":material/hub:", default=True),
        st.Page(ROOT / "pages" / "data.py", title="Data", icon=":material/database:", url_path="data"),
        st.Page(ROOT / "pages" / "activity.py", title="Activity", icon=":material/ssid_chart:", url_path="activity"),
        st.Page(ROOT / "pages" / "skips.py", title="Skips", icon=":material/alt_route:", url_path="skips"),
        st.Page(ROOT / "pages" / "shortcuts.py", title="Shortcuts", icon=":material/call_split:", url_path="shortcuts"),
        st.Page(ROOT / "pages" / "cells.py", title="Cells", icon=":material/grid_view:", url_path="cells"),
        st.Page(ROOT / "pages" / "ttfs.py", title="TTFS", icon=":material/timer:", url_path="ttfs"),
        st.Page(ROOT / "pages" / "tradeoffs.py", title="Trade-offs", icon=":material/balance:", url_path="tradeoffs"),
        st.Page(ROOT / "pages" / "runs.py", title="Runs", icon=":material/stacked_line_chart:", url_path="runs"),
        st.Page(ROOT / "pages" / "inside.py", title="Look inside", icon=":material/visibility:", url_path="inside"),
        *(st.Page(resolve(own.body), title=own.title, icon=own.icon, url_path=own.path) for own in KINDS.pages()),
    ],
    position="top",
)
st.set_page_config(page_title=f"{page.title} · snnviz")
with show_store_errors():
    services.store().version()
    for sentence in services.store().words():
        st.info(escape_markdown(sentence), icon=":material/database:")
    state.begin(page.url_path)
    page.run()
    with st.container():
        notices.panel()
    announcing.announcer()
