from __future__ import annotations

from django.contrib.messages import get_messages

from governance import catalogue, documents, register
from governance.models import ActionType, Binding
from governance.record import Event
from tests.cast import BENCH_REFUND, BY, Cast
from tests.council.conftest import Desk, errors
from tests.governance.asking import entries

READ = """
key: shop.look
class: read
risk: low
parameters:
  order: {type: id}
"""
BOUND = """
action_type: shop.look
connector: records
record: {table: shop.orders, by: {record_id: order}}
values: {status: status}
facts: [{name: status, value: status, compare: exists}]
sentence: Look at an order.
"""


def test_an_action_type_is_added_as_yaml(cast: Cast, desk: Desk) -> None:
    answer = desk.send("governance/actiontype/add/", {"domain": cast.service.pk, "document": READ})
    assert answer.status_code == 302
    row = ActionType.objects.get(key="shop.look")
    assert (row.domain, row.action_class) == (cast.service, "read")
    assert entries(Event.ACTION_TYPE_SAVED)[-1]["actor"] == "user:mary"


def test_what_was_added_is_called_by_its_name(cast: Cast, desk: Desk) -> None:
    gateway = register.register_agent(name="Gateway", owner=cast.joan, project=cast.refunds, by=BY)
    look = catalogue.save_action_type(documents.load(READ), domain=cast.service, by=BY)
    watch = {"agent": gateway.pk, "tool": "refund_api", "heartbeat_seconds": ""}
    for where, sent, told in (
        ("actiontype", {"document": READ.replace("look", "peer")}, "shop.peer"),
        ("permission", {"agent": cast.refunder.pk, "action_type": look.pk, "level": 1}, "Refunder shop.look L1"),
        ("watch", watch, "Gateway watches refund_api"),
        ("binding", {"document": BOUND}, "binding of shop.look"),
    ):
        answer = desk.send(f"governance/{where}/add/", sent)
        assert answer.status_code == 302, errors(answer)
        *_, message = get_messages(answer.wsgi_request)
        assert f">{told}</a>”" in str(message)


def test_the_form_shows_the_document_and_saving_it_untouched_edits_nothing(cast: Cast, desk: Desk) -> None:
    path = f"governance/actiontype/{cast.refund.pk}/change/"
    assert documents.load(desk.fields(path)["document"]) == BENCH_REFUND
    assert desk.save(path).status_code == 302
    assert ActionType.objects.get(pk=cast.refund.pk).revision == cast.refund.revision


def test_what_does_not_load_is_told_by_its_line(cast: Cast, desk: Desk) -> None:
    answer = desk.send("governance/actiontype/add/", {"document": "key: a\nkey: b"})
    assert "line 2: this key stands here twice" in errors(answer)


def test_what_is_wrong_in_a_document_is_told_with_its_place_at_the_document(cast: Cast, desk: Desk) -> None:
    answer = desk.send(
        "governance/actiontype/add/", {"document": READ + "caps: [{key: moon, count: 1, window: 24h}]\n"}
    )
    errors(answer)
    said = answer.context["adminform"].form.errors["document"]
    assert any(line.startswith("document.caps[0]") for line in said)
    assert not ActionType.objects.filter(key="shop.look").exists()


def test_a_form_never_turns_one_entry_into_another(cast: Cast, desk: Desk) -> None:
    path = f"governance/actiontype/{cast.refund.pk}/change/"
    other = documents.dump({**BENCH_REFUND, "key": "bench.other"})
    assert "key stays bench.refund" in errors(desk.save(path, document=other))
    binding = Binding.objects.get(action_type=cast.cancel)
    moved = documents.dump({**binding.document, "action_type": "bench.refund"})
    answer = desk.save(f"governance/binding/{binding.pk}/change/", document=moved)
    assert "action_type stays retail.cancel_pending_order" in errors(answer)


def test_an_old_page_does_not_overwrite_a_newer_edit(cast: Cast, desk: Desk) -> None:
    path = f"governance/actiontype/{cast.refund.pk}/change/"
    page = desk.fields(path)
    desk.save(path, document=documents.dump({**BENCH_REFUND, "caps": []}))
    assert "Somebody changed this" in errors(desk.send(path, page))
    assert ActionType.objects.get(pk=cast.refund.pk).document["caps"] == []


def test_a_binding_saved_in_the_form_raises_the_revision_of_its_type(cast: Cast, desk: Desk) -> None:
    binding = Binding.objects.get(action_type=cast.cancel)
    before = ActionType.objects.get(pk=cast.cancel.pk).revision
    changed = documents.dump({**binding.document, "sentence": "Cancel an order."})
    assert desk.save(f"governance/binding/{binding.pk}/change/", document=changed).status_code == 302
    assert ActionType.objects.get(pk=cast.cancel.pk).revision > before


def test_a_whole_file_is_imported_or_told_what_is_wrong(cast: Cast, desk: Desk) -> None:
    wrong = documents.dump({"action_types": [documents.load(READ), {"key": "x"}]})
    page = desk.send("governance/actiontype/import/", {"text": wrong})
    assert page.status_code == 200
    assert "action_types[1]" in page.content.decode()
    assert not ActionType.objects.filter(key="shop.look").exists()
    right = documents.dump({"domain": "service", "action_types": [documents.load(READ)]})
    assert desk.send("governance/actiontype/import/", {"text": right}).status_code == 302
    assert ActionType.objects.get(key="shop.look").domain == cast.service


def test_the_list_leads_the_council_to_the_import(cast: Cast, desk: Desk) -> None:
    assert "/council/governance/actiontype/import/" in desk.open("governance/actiontype/").content.decode()
