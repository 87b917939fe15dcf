"""The pictures of the documents: `make screenshots` takes them anew. No test collects this file by itself.

The shop of the tests, with a morning's work in it, so that a picture shows nothing that was recorded anywhere.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from config.services.stack import BASE
from reviews import judge, sample, spot_review, verify
from reviews.models import Draw
from reviews.report import report
from tests.browser.console import Console
from tests.reviews.scene import Scene

IMAGES = BASE / "docs" / "images"
MOST_BYTES = 150_000
WIDE, TALLEST = 1180, 1040
# whose page is long, and of which the top says all
SHORTER = {"case-unreachable": 880, "queue": 795}


def work(scene: Scene) -> None:
    """What was decided, executed and checked before anybody looks."""
    cast = scene.cast
    for order in ("W11", "W12", "W13"):
        scene.approve(scene.case("480.00", order=order))
    judge.reject(scene.take(scene.case("350.00", order="W14")).pk, reviewer=cast.ada, reason="not_needed")
    for _ in range(24):
        report(scene.running().pk, caller=scene.refunder, status="succeeded", latency_ms=120)
    sample.draw_due()
    for number, draw in enumerate(Draw.objects.all()[1:]):
        spot_review.judge_draw(draw.pk, reviewer=cast.grace, sound=number != 3)
    for number in range(5):
        verify.verify(scene.case(f"{240 + 35 * number}.00", order=f"W{20 + number}").pk)
    scene.ask("640.00", order="W26", key=cast.drafter_key)
    scene.take(scene.case("410.00", order="W27"), cast.grace)


def pictures(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Each picture with the path of its page, as Ada sees it."""
    cases = {
        "case": scene.take(scene.case("480.00", order="W1")),
        "case-differs": scene.take(scene.case("480.00", order="W4", subject="c-9", claims={"status": "cancelled"})),
    }
    with monkeypatch.context() as broken:
        nowhere = "postgresql://placet_reader@127.0.0.1:1/shop"
        broken.setenv("PLACET_CONNECTOR_RECORDS_URL", nowhere)
        broken.setitem(settings.PLACET_CONNECTORS, "records", nowhere)
        cases["case-unreachable"] = scene.take(scene.case("120.00", order="W5", subject="c-5"))
    draw = Draw.objects.all()[0]
    return {
        **{name: f"/escalations/{case.pk}/" for name, case in cases.items()},
        "queue": "/queue/",
        "spot-review": f"/spot-reviews/{draw.pk}/",
        "agent": f"/agents/{scene.cast.refunder.pk}/",
    }


def taken(console: Console, name: str, path: str, *, scheme: str = "light", lead: bool = False) -> Path:
    """One picture of one page."""
    who = console.scene.cast.grace if lead else console.scene.cast.ada
    page = console.open(who, path, viewport={"width": WIDE, "height": 720}, color_scheme=scheme)
    picture = IMAGES / f"{name}.png"
    tall: int = page.evaluate("document.documentElement.scrollHeight")
    # the verdict stays at the lower edge of a window: of one as high as the page it stands where the page ends
    page.set_viewport_size({"width": WIDE, "height": tall})
    page.screenshot(
        path=picture,
        full_page=True,
        clip={"x": 0, "y": 0, "width": WIDE, "height": min(tall, SHORTER.get(name, TALLEST))},
    )
    return picture


@pytest.mark.browser
def test_take(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    work(console.scene)
    paths = pictures(console.scene, monkeypatch)
    made = [taken(console, name, path) for name, path in paths.items()]
    made += [
        taken(console, "case-dark", paths["case"], scheme="dark"),
        taken(console, "lead", "/lead/", lead=True),
    ]
    assert not [each.name for each in made if each.stat().st_size > MOST_BYTES]
