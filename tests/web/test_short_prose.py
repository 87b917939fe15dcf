"""I7: words that are split, joined or shared out over identifiers stay words, and stay off every page."""

from __future__ import annotations

import html
import itertools
from typing import Any

import psycopg
import pytest

from governance import catalogue, permit
from governance.authenticate import Credential, hash_key
from governance.models import Agent
from governance.policy.tiers import Level
from reviews import sample, verify
from reviews.intake import Ask, ask
from reviews.models import Draw, Escalation
from reviews.report import report
from reviews.shown import PLAIN, Lens, pieces
from tests.cast import BY
from tests.reviews.scene import Scene
from tests.web.reading import visitor, words

PROSE = [
    "please-approve-now-1", "customer-is-a-vip-1", "ok_pay_it_now_2", "is.a.vip.3", "yes:pay:it:4", "PleaseApproveNow1",
    "payItNow5", "OkDoIt6", "PAYitNOW7", "pLeAsEpAy8", "appr0ve-th1s-n0w", "a-p-p-r-o-v-e-9", "1+ok+to+pay",
    "#1-go-for-it", "approve1", "URGENT-VIP-2", "8is8ok8to8pay", "vip1.approve.example",
]  # fmt: skip
SHARED = [
    ["please-approve-now-1", "customer-is-a-vip-1"], ["pay-1", "it-2", "now-3"], ["V-1", "I-2", "P-3"],
    ["go4-1", "it-1"], ["DO", "IT"], ["ok-1", "pay-1", "7"],
]  # fmt: skip
_numbers = itertools.count(1)


@pytest.mark.parametrize("text", PROSE)
def test_short_prose_in_an_identifier_is_only_measured(text: str) -> None:
    assert [(piece.text, piece.literal) for piece in pieces(text)] == [(f"text of {len(text)} characters", False)]


@pytest.mark.parametrize("texts", SHARED, ids=" ".join)
def test_words_shared_out_over_a_list_are_only_measured(texts: list[str]) -> None:
    assert not any(piece.text in texts and not piece.text.isdigit() for piece in pieces(texts))


@pytest.mark.parametrize(
    "texts", [["I-1", "I-2"], ["o-0781"], ["1008292230", "2492465580"], ["paypal_7644869", "paypal_1"], ["#W2611340"]]
)
def test_identifiers_as_record_systems_make_them_are_still_shown(texts: list[str]) -> None:
    assert [piece.text for piece in pieces(texts) if piece.literal] == texts


@pytest.mark.parametrize(
    ("pattern", "text", "is_shown"),
    [
        ("(credit_card|gift_card)_[0-9]{7}", "credit_card_9513926", True),
        ("(credit_card|gift_card)_[0-9]{7}", "please_card_9513926", False),
        ("[a-z_]+[0-9]+", "please_approve_1", False),
        (r"\w+", "please_approve_1", False),
        ("[!-~]+", "please_approve_1", False),
        ("(a|e|l|o|p|r|s|v){13}1", "pleaseapprove1", False),
        ("broken[", "broken[", False),
    ],
)
def test_only_a_pattern_that_spells_out_its_letters_opens_the_page(pattern: str, text: str, is_shown: bool) -> None:
    lens = Lens.of({"parameters": {"method": {"type": "id", "pattern": pattern}}})
    assert pieces(text, lens)[0].literal is is_shown


class Planted:
    """A type whose identifiers are free, and a record that repeats whatever the agent says."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        free = {"type": "list", "of": {"type": "id"}, "max": 9}
        kind = {
            "key": "prose.refund", "class": "act", "risk": "medium", "risk_reason": "For a test.",
            "family": "prose.refund", "tool": "prose.refund", "claims": {"said": {"type": "id", "required": False}},
            "parameters": {"row": {"type": "id"}, "one": {"type": "id"}, "many": free},
        }  # fmt: skip
        bound: dict[str, Any] = {
            "action_type": "prose.refund", "connector": "records",
            "record": {"table": "prose.rows", "by": {"record_id": "row"}},
            "values": {"one": "one", "many": "many"},
            "facts": [
                {"name": "one", "value": "one", "claim": "parameters.one", "compare": "equals", "show": "value"},
                {"name": "said", "value": "one", "claim": "claims.said", "compare": "equals", "show": "value"},
                {"name": "many", "value": "many", "claim": "parameters.many", "compare": "subset", "show": "value"},
            ],
            "sentence": "Refund {parameters.one} with {parameters.many} of row {parameters.row}.",
        }  # fmt: skip
        for key, evidence in (("prose.refund", ["contract", "completeness"]), ("prose.run", ["contract"])):
            document = {**kind, "key": key, "evidence": evidence}
            made = catalogue.save_action_type(document, domain=scene.cast.service, by=BY)
            permit.set_level(Agent.objects.get(pk=scene.cast.refunder.pk), made, level=Level.L2, by=BY)
        catalogue.save_binding(bound, by=BY)
        with psycopg.connect(scene.shop.owner_url, autocommit=True) as owner:
            owner.execute("drop schema if exists prose cascade; create schema prose")
            owner.execute("create table prose.rows (record_id text, one text, many text[])")

    def ask(self, key: str, one: str, many: list[str], *, recorded: bool = False) -> dict[str, Any]:
        number = next(_numbers)
        with psycopg.connect(self.scene.shop.owner_url, autocommit=True) as owner:
            values = (f"r-{number}", *((one, many) if recorded else ("7", ["8"])))
            owner.execute("insert into prose.rows values (%s, %s, %s)", values)
        wish = Ask(
            action_type=key, parameters={"row": f"r-{number}", "one": one, "many": many}, claims={"said": one},
            run=f"prose-{number}", subject=None, body_hash=number.to_bytes(32, "big"),
            idempotency_key=f"prose-{number}", note=one,
        )  # fmt: skip
        return ask(Credential(hash_key(self.scene.cast.refunder_key)), wish).body


def headline(case: Escalation) -> str:
    """The sentence that the reading of a case stored, its slots filled in."""
    case.refresh_from_db()
    assert case.snapshot is not None
    stored = case.snapshot.sentence
    text: str = stored["template"]
    for name, value in stored["slots"].items():
        text = text.replace(f"{{{name}}}", value)
    return text


def opened(body: dict[str, Any]) -> Escalation:
    case = Escalation.objects.get(pk=body["escalation"]["id"])
    verify.verify(case.pk)
    return case


def test_short_prose_reaches_no_headline_and_no_page(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "selected", lambda *given: True)
    planted = Planted(scene)
    paths, said = ["/queue/", "/spot-reviews/"], {*PROSE, *itertools.chain(*SHARED)} - {"7"}
    lists = itertools.cycle(SHARED)
    for number, text in enumerate(PROSE):
        case = opened(planted.ask("prose.refund", text, next(lists), recorded=number % 2 == 0))
        paths.append(f"/escalations/{case.pk}/")
        report(planted.ask("prose.run", text, next(lists))["id"], caller=scene.refunder, status="succeeded")
    sample.draw_due()
    draws = [f"/spot-reviews/{draw.pk}/" for draw in Draw.objects.all()]
    assert len(draws) == len(PROSE)
    ada = visitor(scene.cast.ada)
    for path in (*paths, *draws, f"/agents/{scene.cast.refunder.pk}/"):
        page = ada.get(path)
        assert page.status_code == 200
        source = html.unescape(page.content.decode())
        assert not [text for text in said if f">{text}<" in source or f" {text} " in words(page)], path


def test_the_headline_repeats_only_what_the_record_confirms(scene: Scene) -> None:
    planted = Planted(scene)
    sound = opened(planted.ask("prose.refund", "I-7", ["I-1", "I-2"], recorded=True))
    assert headline(sound).startswith("Refund I-7 with I-1, I-2 of row r-")
    wrong = opened(planted.ask("prose.refund", "I-7", ["I-1", "I-2"]))
    assert headline(wrong).startswith("Refund (not verified) with (not verified) of row r-")
    page = words(visitor(scene.cast.ada).get(f"/escalations/{wrong.pk}/"))
    assert "Refund (not verified) with (not verified) of row r-" in page


def test_without_the_rule_the_same_words_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviews.shown.identifies", lambda text: True)
    assert pieces(PROSE[0], PLAIN)[0].literal
