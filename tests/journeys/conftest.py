from __future__ import annotations

from tests.cast import committed_cast
from tests.reviews.scene import committed_scene, shop, shop_database

__all__ = ["committed_cast", "committed_scene", "shop", "shop_database"]
