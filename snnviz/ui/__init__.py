"""Everything that knows streamlit. It never imports torch: what it shows comes from the store or from theory."""

import os

# Read when numpy is loaded. A page's matrices are small: threads for them only wait for a core that is training.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
