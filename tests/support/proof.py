"""Every proof has two sizes: a small one in `make test`, the full one in `make prove` (mark `full`)."""

from __future__ import annotations

import os

PROVE = os.environ.get("PLACET_PROVE") == "1"
