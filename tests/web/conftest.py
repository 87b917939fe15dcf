from __future__ import annotations

from tests.cast import cast, committed_cast
from tests.reviews.scene import committed_scene, no_hold, scene, shop, shop_database

__all__ = ["cast", "committed_cast", "committed_scene", "no_hold", "scene", "shop", "shop_database"]
