from __future__ import annotations

from governance import permit, register
from governance.authenticate import Credential, hash_key
from governance.models import Decision
from governance.policy.tiers import Level
from reviews.intake import ask
from tests.cast import BY, Cast, cast
from tests.reviews.test_intake import refund

__all__ = ["cast"]


def test_an_agent_that_declares_no_fingerprint_has_a_cell_too(cast: Cast) -> None:
    silent = register.register_agent(name="Silent", owner=cast.mary, project=cast.refunds, by=BY)
    permit.set_level(silent, cast.refund, level=Level.L0, by=BY)
    assert ask(Credential(hash_key(register.issue_key(silent, by=BY))), refund()).status == 202
    assert Decision.objects.get().cell == f"{silent.pk}|undeclared|bench.refund|medium"
