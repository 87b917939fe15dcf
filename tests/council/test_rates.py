from __future__ import annotations

from governance.models import Rate
from tests.cast import Cast
from tests.council.conftest import Desk, errors


def test_the_council_pins_a_rate_that_is_never_changed(cast: Cast, desk: Desk) -> None:
    assert desk.send("governance/rate/add/", {"currency": "EUR", "rate": "1.0873"}).status_code == 302
    row = Rate.objects.get()
    assert (str(row), row.pinned_by) == ("EUR at 1.0873", "user:mary")
    page = desk.open(f"governance/rate/{row.pk}/change/").content.decode()
    assert "1.0873" in page
    assert 'name="rate"' not in page


def test_a_rate_of_the_reference_currency_or_of_nothing_comes_back_as_an_error(cast: Cast, desk: Desk) -> None:
    assert "valid choice" in errors(desk.send("governance/rate/add/", {"currency": "USD", "rate": "1"}))
    assert "between 0 and" in errors(desk.send("governance/rate/add/", {"currency": "EUR", "rate": "-1"}))
    assert not Rate.objects.exists()
