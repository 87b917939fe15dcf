from __future__ import annotations

import os

os.environ.setdefault("PLACET_MODE", "local")
os.environ.setdefault("PLACET_STATIC", "finders")
os.environ.setdefault("PLACET_POOL_MIN", "0")
# What a second factor is asked for has tests of its own.
os.environ.setdefault("PLACET_REQUIRE_MFA", "False")
# Whoever tests something else than the time for reading does not wait for it.
os.environ.setdefault("PLACET_READING_SECONDS", "0")
os.environ.setdefault("PLACET_READING_SECONDS_PER_CHECK", "0")
# Whoever tests something else than the quota of open cases opens as many as it likes.
os.environ.setdefault("PLACET_OPEN_CASES_PER_LINE", "1000000")
os.environ.setdefault("PLACET_OPEN_CASES_PER_ENTITY", "1000000")

from config.settings import *  # noqa: F403
