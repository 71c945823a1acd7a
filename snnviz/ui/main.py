"""The main script: page configuration and navigation."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # streamlit puts only this file's folder there
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from snnviz.ui import navigation  # noqa: E402
from snnviz.ui.kit import announcing, notices, people, resetting, services, signing_in, state  # noqa: E402
from snnviz.ui.kit.store_errors import show_store_errors  # noqa: E402
from snnviz.ui.kit.words import escape_markdown  # noqa: E402
from snnviz.ui.learn import active, class_bar, panel, sharing  # noqa: E402
from snnviz.ui.server.middleware.redirects import names_design  # noqa: E402

# Before the navigation, which would have a browser fetch the page's symbol from elsewhere.
st.set_page_config(page_icon=str(ROOT / "snnviz" / "ui" / "icon.png"), layout="wide")
offered = navigation.pages(host=people.is_host())
page = st.navigation(offered, position="top")
if not page.url_path and names_design(query := st.query_params.to_dict()):
    # An old link that came without our middleware, which redirects it before anything is painted.
    st.switch_page(navigation.PAGES / "design.py", query_params=query)
st.set_page_config(page_title=f"{page.title} · snnviz")
if not page.url_path:
    signing_in.return_to(offered)
navigation.mark(page, offered)
with show_store_errors():
    services.store().version()
    for sentence in services.store().notices():
        st.info(escape_markdown(sentence), icon=":material/database:")
    for said in people.announcements(services.switches()):
        st.info(escape_markdown(said), icon=":material/campaign:")
    resetting.apply_pending(page.url_path)
    active.begin(page.url_path or navigation.HOME, st.query_params.to_dict())
    state.begin(page.url_path)
    panel.go_to_list()
    class_bar.go_to_handed()
    tools, trouble = st.container(key="tools"), st.container()
    with st.container():
        panel.panel(page.url_path or navigation.HOME)
    page.run()
    with trouble:
        panel.link_problem(page.title)
    with tools:
        sharing.tools(page.url_path, page.title)
    with st.container():
        notices.panel()
    announcing.announcer()
