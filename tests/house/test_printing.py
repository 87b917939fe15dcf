"""Data reaches a reviewer's page through one tag. What stands in double braces is listed here, one by one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from config.services.stack import BASE

PAGES = (
    "alerts", "home", "lacks", "lead", "queue", "escalation", "decision", "sealed", "trace", "spot_review",
    "agents", "authority", "halts", "health", "notices", "parts", "practice", "preferences", "search", "security",
)  # fmt: skip
# Numbers, ids, digests, addresses we made and words of our own closed lists. A value of an action, a claim, a record
# or a registry name is never among them: it goes through {% fact %} or {% claim %}.
ALLOWED = {
    "numbers": "waits practice.count practice.done exercise.place exercise.progress.count number done place "
    "row.related row.rank codes_left passkeys quoted.length opened.left_out "
    "queue.count count length found choice.count counter people rank "
    "quiet.executed quiet.waiting waiting.count node.agents kind.waiting agent.types can.hold "
    "forloop.counter forloop.counter0 drawn.latency_ms drawn.share case.refused case.tally.number part.count "
    "case.spare case.parameters case.amount "
    "case.refused_amount asked.others said.total said.good said.slow said.heartbeat_words "
    "case.limits inbox.count inbox.older upto line.count line.first line.last each.strikes trace.nodes trace.agents "
    "letter.attempts "
    "told.score node.depth "
    "verdicts.older executed waiting free hour today skips "
    "told.more counts.requested counts.confirmed counts.unreachable counts.void seconds",
    "ids, digests and tokens": "each.id each.kind each.name queue.version choice.key letter.id "
    "agent.id node.key held.action_type_id each.action_type_id told.halt.key case.id row.case "
    "case.action_digest case.snapshot_digest case.material.digest csrf_token seen decision.action",
    "addresses of ours": "line.query poll next href back each.message.path",
    "closed words of ours": "language shadow.outcome "
    "row.risk row.left.words row.left.urgency row.status row.surface row.risk_profile "
    "row.downgrade_trigger row.action_class kind.risk kind.action_class node.kind held.level held.risk history.level "
    "each.outcome each.state agent.state halt.target drawn.status drawn.risk case.risk.name case.left.words "
    "said.name case.required.name case.left.urgency case.lease announce pace chosen.theme chosen.keys unseen kind "
    "line.said each.why each.until each.stop each.target each.reach.value each.stage.tier.name halt.stage.tier.name "
    "told.halt.target told.halt.kind target words by node.outcome node.state node.took node.offset tier.name "
    "trace.lasted "
    "decision.outcome decision.state decision.risk decision.effective.name decision.required.name required.name "
    "decision.told.outcome decision.told.effective.name told",
    "counts of verdicts and cases, and shares of them": "wrong known failed unsound low high more count decided "
    "expired kept.share hour.opened hour.closed day.executed day.asked day.refused person.rank person.holds "
    "person.hour person.today person.skips person.per_hour person.per_day each.count each.caps line.late",
    "spans of time in words of ours": "half most oldest",
    "shares of ours": "limit",
    "what is said of a practice case, in words of ours": "given.lesson.says",
    "words of the template that includes": "title body action missing label every heading opened closed",
    "choices: reasons by their preset, types by their key": "value text key",
    "what the person who reads it has just typed, in the field it was typed into": "name reason sought held.mail "
    "held.slack_member held.quiet_from held.quiet_until",
}
NAMES = {name for names in ALLOWED.values() for name in names.split()}
_VARIABLE = re.compile(r"\{\{\s*([\w.]+)[^}]*\}\}")
_BOUND = re.compile(r"\{% (?:fact|claim|named|since|clock) [^%]* as (\w+) %\}")
# A sentence with slots names its values itself; each is a variable that is judged like one in braces.
_SENTENCE = re.compile(r"\{% blocktranslate([^%]*)%\}(.*?)\{% endblocktranslate %\}", re.DOTALL)
_VALUE = re.compile(r"(\w+)=([\w.]+)")
_FILTERS = re.compile(r"\{\{\s*[\w.]+((?:\|[\w]+(?::\"[^\"]*\")?)*)\s*\}\}")


def templates() -> list[Path]:
    folder = BASE / "templates"
    return [path for name in PAGES for path in sorted((folder / name).rglob("*.html"))] + sorted(folder.glob("*.html"))


def raw(source: str) -> set[str]:
    """The variables a template prints without the tag, also those that a translated sentence takes in."""
    found: set[str] = set()
    bound = set(_BOUND.findall(source))

    def taken(sentence: re.Match[str]) -> str:
        values = dict(_VALUE.findall(sentence[1]))
        printed = set(_VARIABLE.findall(sentence[2]))
        for name in printed - bound:
            found.update({name, values.get(name, name)} & NAMES or {values.get(name, name)})
        return ""

    return found | set(_VARIABLE.findall(_SENTENCE.sub(taken, source)))


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(BASE / "templates")))
def test_a_page_prints_data_through_the_tag_alone(path: Path) -> None:
    assert raw(path.read_text(encoding="utf-8")) <= NAMES


def test_nothing_is_listed_that_no_page_prints() -> None:
    printed = set().union(*(raw(path.read_text(encoding="utf-8")) for path in templates()))
    assert printed >= NAMES


def test_what_is_printed_raw_passes_no_filter_but_ours() -> None:
    known = {"percent", "time", "pluralize", "length", "lower", "money", "spoken", "urlencode"}
    for path in templates():
        for filters in _FILTERS.findall(path.read_text(encoding="utf-8")):
            assert {part.partition(":")[0] for part in filters.split("|") if part} <= known, path


def test_the_rule_catches_a_bare_value() -> None:
    assert raw("<td>{{ line.claimed }}</td>") - NAMES == {"line.claimed"}
    assert raw("{{ case.sentence|title }}") - NAMES == {"case.sentence"}


def test_no_template_tag_of_ours_marks_text_as_safe() -> None:
    for path in (BASE / "reviews" / "templatetags").glob("*.py"):
        assert not re.search(r"mark_safe|SafeString\(|is_safe\s*=", path.read_text(encoding="utf-8")), path


def test_what_is_posted_by_a_script_cannot_be_posted_twice() -> None:
    for path in templates():
        for tag in re.findall(r"<[a-z]+ [^<]*?hx-post=.*?>\n", path.read_text(encoding="utf-8")):
            assert "hx-disabled-elt=" in tag or 'hx-sync="this:drop"' in tag, (path, tag)


def test_scripts_and_styles_stay_small() -> None:
    def lines(folder: str, *names: str) -> int:
        return sum(len((BASE / "static" / folder / name).read_text().splitlines()) for name in names)

    assert lines("js", "keys.js", "live.js", "passkey.js", "queue.js", "ring.js") <= 200
    assert lines("css", "tokens.css", "base.css", "layout.css", "parts.css", "states.css", "admin.css") <= 600


def test_every_file_a_page_names_is_there() -> None:
    named = {name for path in templates() for name in re.findall(r"\{% static '([^']+)' %\}", path.read_text())}
    assert named
    for name in named:
        assert any((Path(folder) / name).is_file() for folder in settings.STATICFILES_DIRS), name
