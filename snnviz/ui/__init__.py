"""The pages and everything else that uses streamlit. Never imports torch: data come from the store or from theory."""

import os

# Read when numpy is loaded. A page's matrices are small: threads for them only wait for a core that is training.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
