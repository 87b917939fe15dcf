from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.cast import Cast
from tests.reviews.scene import no_hold, scene, shop, shop_database
from tests.support.clients import SurfaceClient

__all__ = ["no_hold", "scene", "shop", "shop_database"]


@dataclass
class Desk:
    """The council's desk in a browser: opens a form, fills some of its fields, sends the rest as it stood."""

    browser: SurfaceClient

    def open(self, path: str) -> Any:
        page = self.browser.get(f"/council/{path}")
        assert page.status_code == 200, page.status_code
        return page

    def fields(self, path: str) -> dict[str, Any]:
        """What a browser would send if nothing were changed."""
        form = self.open(path).context["adminform"].form
        sent: dict[str, Any] = {}
        for name, field in form.fields.items():
            value = form[name].value()
            if hasattr(field.widget, "decompress") and hasattr(field, "fields"):
                parts = field.widget.decompress(value)
                sent |= {f"{name}_{place}": part or "" for place, part in enumerate(parts)}
            elif value is not None and value is not False:
                sent[name] = [str(one) for one in value] if isinstance(value, list) else str(value)
        return sent

    def save(self, path: str, **changes: Any) -> Any:
        return self.send(path, self.fields(path) | changes)

    def send(self, path: str, fields: Mapping[str, Any]) -> Any:
        known = {name: value for name, value in fields.items() if value is not None}
        return self.browser.post(f"/council/{path}", known)

    def act(self, path: str, action: str, *chosen: Any) -> Any:
        """An action of a list, on the chosen rows."""
        return self.send(path, {"action": action, "_selected_action": [str(one) for one in chosen]})


def errors(response: Any) -> str:
    """Everything the form says is wrong; the page came back instead of a redirect."""
    assert response.status_code == 200, response.status_code
    return str(response.context["adminform"].form.errors)


@pytest.fixture
def sign_in(cast: Cast) -> Callable[[User], Desk]:
    def open_desk(person: User) -> Desk:
        browser = SurfaceClient()
        browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return Desk(browser)

    return open_desk


@pytest.fixture
def desk(cast: Cast, sign_in: Callable[[User], Desk]) -> Desk:
    """Mary at the council's desk."""
    return sign_in(cast.mary)
