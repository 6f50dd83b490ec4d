"""The package reads its settings when it is imported: here those of an address where nobody listens."""

import os

os.environ.setdefault("PREFECT_TO_SLUICE_API", "http://127.0.0.1:9/api")
