"""How an agent stands, on its page: what holds it down, why and until when, and who may change it."""

from __future__ import annotations

import pytest

from governance import standing
from governance.models import Permission, Standing
from governance.policy.tiers import Level, Tier
from reviews import roster
from tests.cast import BY, Cast
from tests.reviews.scene import Scene, backdate
from tests.web.reading import visitor, words


def test_nothing_is_held_down_at_first(cast: Cast) -> None:
    assert "Nothing holds its standing down." in words(visitor(cast.ada).get(f"/agents/{cast.refunder.pk}/"))


def test_the_page_says_what_stands_low_why_and_when_it_rises(scene: Scene) -> None:
    scene.ask("20.00", kind="shop.express", claims={"status": "cancelled"})
    address = f"/agents/{scene.cast.refunder.pk}/"
    seen = words(visitor(scene.cast.ada).get(address))
    assert "A claim contradicted the record." in seen
    assert "Once its evidence is green again." in seen
    scene.ask("20.00", kind="shop.express", order="W2")
    (stood,) = roster.read(scene.cast.refunder.pk).stood
    assert (stood.tier, stood.strikes) == (Tier.PROPOSE, 1)
    assert stood.until.startswith("EXECUTE at ")
    backdate("update governance_standing set green_since = green_since - interval '2 days'")
    assert roster.read(scene.cast.refunder.pk).stood == (), "forgiven"


def test_a_budget_is_told_by_its_kind_and_nobody_is_named(scene: Scene) -> None:
    for _ in range(3):
        scene.ask("480.00", kind="shop.express")
    seen = words(visitor(scene.cast.ada).get(f"/agents/{scene.cast.refunder.pk}/"))
    assert "One key, this customer, of" in seen
    (stood,) = roster.read(scene.cast.refunder.pk).stood
    assert "c-1" not in stood.about


def test_a_lowered_level_says_from_when_it_may_be_raised(cast: Cast) -> None:
    standing.lower_level(Permission.objects.get(agent=cast.refunder, action_type=cast.refund), to=Level.L1, by=BY)
    (stood,) = roster.read(cast.refunder.pk).stood
    assert stood.lowers_level
    assert stood.until.startswith("It may be raised from ")


def test_the_council_pulls_and_restores_on_the_page(cast: Cast) -> None:
    address, mary = f"/agents/{cast.refunder.pk}/", visitor(cast.mary)
    sent = {"type": str(cast.refund.pk), "tier": "PROPOSE", "reason": "odd amounts"}
    assert mary.post(f"{address}pull/", sent).status_code == 302
    assert Standing.objects.get().pulled_tier == Tier.PROPOSE
    seen = words(mary.get(address))
    assert "Pulled to PROPOSE by mary. just now 0 The council restores it." in seen
    assert "odd amounts" not in seen
    assert mary.post(f"{address}restore/", {"type": str(cast.refund.pk)}).status_code == 302
    assert Standing.objects.get().pulled_tier is None


def test_who_may_not_pull_is_not_offered_it_and_is_refused(cast: Cast) -> None:
    address, ada = f"/agents/{cast.refunder.pk}/", visitor(cast.ada)
    assert "Pull its standing down" not in words(ada.get(address))
    assert ada.post(f"{address}pull/", {"tier": "PROPOSE", "reason": "x"}).status_code == 403
    assert ada.post(f"{address}restore/").status_code == 403
    assert not Standing.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"tier": "COMMIT", "reason": "x"},
        {"tier": "nonsense", "reason": "x"},
        {"tier": "PROPOSE", "reason": ""},
        {"tier": "PROPOSE", "reason": "x", "type": "9" * 18},
        {"tier": "PROPOSE", "reason": "x", "type": "one"},
    ],
    ids=str,
)
def test_what_a_browser_may_not_send_is_told_and_nothing_is_pulled(cast: Cast, sent: dict[str, str]) -> None:
    response = visitor(cast.mary).post(f"/agents/{cast.refunder.pk}/pull/", sent)
    assert 400 <= response.status_code < 500
    assert not Standing.objects.exists()


def test_any_number_of_exhausted_keys_hides_no_pull_and_no_latch_of_the_agent(cast: Cast) -> None:
    standing.pull(cast.refunder, tier=Tier.PROPOSE, reason="odd amounts", by=cast.mary)
    pulled = Standing.objects.get()
    for number in range(120):
        backdate(
            "insert into governance_standing (agent_id, latch, version, strikes, in_episode, why, red_at, pulled_by,"
            " pulled_reason, restored_by) select agent_id, 'key:subject:c-' || %s || '|bench.refund|count', 0, 1,"
            " true, 'cap', clock_timestamp(), '', '', '' from governance_standing where id = %s",
            number,
            pulled.pk,
        )
    stood = roster.read(cast.refunder.pk).stood
    assert stood[0].pulled == "PROPOSE by mary"
    assert len(stood) == 50
