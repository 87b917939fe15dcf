from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.console import console
from tests.browser.house import House, opened
from tests.cast import committed_cast
from tests.reviews.scene import committed_scene, shop, shop_database

__all__ = ["committed_cast", "committed_scene", "console", "shop", "shop_database"]


@pytest.fixture(scope="session")
def house() -> Iterator[tuple[House, str]]:
    with opened() as found:
        yield found
