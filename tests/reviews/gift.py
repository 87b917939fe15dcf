"""An action type that nobody has bound, until a test does."""

from __future__ import annotations

from typing import Any

from governance import catalogue, permit
from governance.models import Agent
from governance.policy.tiers import Level
from reviews.models import Escalation
from tests.cast import BY
from tests.reviews.scene import BINDING, REFUND, Scene

GIFT: dict[str, Any] = {**REFUND, "key": "shop.gift", "family": "shop.gift", "tool": "shop.gifts"}
GIFT_BINDING: dict[str, Any] = {**BINDING, "action_type": "shop.gift"}


def unbound(scene: Scene) -> Escalation:
    """A case of it."""
    gift = catalogue.save_action_type(GIFT, domain=scene.cast.service, by=BY)
    permit.set_level(Agent.objects.get(pk=scene.cast.refunder.pk), gift, level=Level.L2, by=BY)
    return scene.case(kind=GIFT["key"])
