from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["tests.support.collecting", "tests.support.fixtures", "tests.cast"]

# A busy machine is no failure.
settings.register_profile("placet", deadline=None)
settings.load_profile("placet")
