"""The council's desk of watches: set, changed and ended there, refused where the verb refuses."""

from __future__ import annotations

from governance import register
from governance.models import Watch
from tests.cast import BY, Cast
from tests.reviews.scene import entries
from tests.web.reading import visitor, words

DESK = "/council/governance/watch/"


def test_a_watch_is_set_changed_and_ended_at_the_desk(cast: Cast) -> None:
    gateway = register.register_agent(name="Gateway", owner=cast.joan, project=cast.refunds, by=BY)
    mary = visitor(cast.mary)
    form = {"agent": str(gateway.pk), "tool": "refund_api", "heartbeat_seconds": "60"}
    assert mary.post(f"{DESK}add/", form).status_code == 302
    watch = Watch.objects.get()
    assert (watch.agent_id, watch.tool, watch.heartbeat_seconds) == (gateway.pk, "refund_api", 60)
    refused = mary.post(f"{DESK}add/", {**form, "tool": "connector:records", "heartbeat_seconds": "5"})
    assert "Ensure this value is greater than or equal to 10." in words(refused)
    assert Watch.objects.count() == 1
    mary.post(DESK, {"action": "end", "_selected_action": [str(watch.pk)]})
    assert not Watch.objects.exists()
    assert (len(entries("watch_set")), len(entries("watch_ended"))) == (1, 1)


def test_the_desk_refuses_a_watcher_that_uses_what_it_would_watch(cast: Cast) -> None:
    form = {"agent": str(cast.refunder.pk), "tool": "refund_api", "heartbeat_seconds": ""}
    response = visitor(cast.mary).post(f"{DESK}add/", form)
    assert "No agent reports on what it, or an agent above or below it, has a permission to use." in words(response)
    unknown = visitor(cast.mary).post(f"{DESK}add/", {**form, "tool": "nothing"})
    assert unknown.status_code == 200
    assert not Watch.objects.exists()
