from __future__ import annotations

from governance import catalogue
from governance.authenticate import Credential, hash_key
from governance.models import Action
from reviews.intake import Ask, ask
from reviews.reconsider import reconsider
from tests.cast import BENCH_REFUND, BY, Cast


def test_a_redemption_decides_by_the_catalogue_as_stored_and_not_as_parsed_before(cast: Cast) -> None:
    """The council makes the type human-required while this process still holds the entry it parsed."""
    key = hash_key(cast.refunder_key)
    wish = Ask(
        action_type="bench.refund",
        parameters={"customer": "c-1", "amount": {"amount": "10.00", "currency": "USD"}},
        claims={},
        run="run-1",
        subject=None,
        body_hash=b"r" * 32,
        idempotency_key="r-1",
    )
    ask(Credential(key), wish)
    action = Action.objects.get()
    assert reconsider(action.pk, key=key).outcome.value == "execute"
    edited = {**BENCH_REFUND, "human_required": True, "legal_basis": "A law."}
    catalogue.save_action_type(edited, domain=cast.service, by=BY)
    assert reconsider(action.pk, key=key).outcome.value == "escalate"
