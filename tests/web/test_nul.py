"""A NUL is no text: whoever sends one to the console is told so, wherever it stands."""

from __future__ import annotations

import pytest

from tests.cast import Cast
from tests.web.reading import visitor

ASKED = (
    "/halts/new/?target=agent&name=%00",
    "/halts/new/?target=project&name=a%00b&reason=x",
    "/what-if/?agent=00000000-0000-4000-8000-000000000000&type=%00",
    "/alerts/?%00=1",
    "/traces/%00/",
    "/council/governance/rate/?currency__exact=%00",
    "/council/governance/agent/?state=%00",
    "/council/governance/agent/?q=%00",
    "/council/governance/watch/%00/change/",
)


@pytest.mark.parametrize("address", ASKED)
def test_no_address_with_a_nul_is_an_error_of_ours(cast: Cast, address: str) -> None:
    assert visitor(cast.mary).get(address).status_code == 400


@pytest.mark.parametrize("name", ["name", "reason", "target"])
def test_no_form_with_a_nul_is_one_either(cast: Cast, name: str) -> None:
    sent = {"target": "agent", "name": "Refunder", "reason": "odd refunds"} | {name: "a\x00"}
    assert visitor(cast.mary).post("/halts/declare/", sent).status_code == 400
