"""The launcher: `streamlit run app.py` and `uvicorn app:app` both serve it.

The main script is snnviz/ui/main.py and not this file: a `pages/` folder beside the main script would switch on
Streamlit's own page discovery until the first visit, and break links into a fresh server.
"""

import streamlit as st

from snnviz.places import ROOT
from snnviz.ui.kit import health, signing_in
from snnviz.ui.kit.services import lifespan
from snnviz.ui.server.middleware.connections import limit_header_time, limit_message_size
from snnviz.ui.server.middleware.headers import broken
from snnviz.ui.server.routes import middleware, routes
from snnviz.ui.server.streamlit_patches import patch_streamlit

patch_streamlit()
signing_in.check_at_start()
limit_header_time()
limit_message_size()
app = st.App(
    ROOT / "snnviz" / "ui" / "main.py",
    routes=routes(health.PATHS),
    middleware=middleware(),
    lifespan=lifespan,
    exception_handlers={Exception: broken},
)
