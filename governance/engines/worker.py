"""The process in which rules run: started by `children`, killed when it is late. Standard library and regorus only.

A rule can loop, eat memory or crash its engine (a function that calls itself overflows the stack of the engine), and
while it runs no other thread of its process does. So it runs here, where nothing is lost: no database, no secrets.
One line of JSON in, one line for each rule out and an empty line at the end.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Iterator
from typing import Any

MOST_ANSWER = 4096
MOST_MEMORY = 1 << 29
UNDEFINED = "<undefined>"
# Nothing but the input decides: no network, no clock, no chance, nothing of the machine.
REFUSED = frozenset(
    {"http.send", "time.now_ns", "rand.intn", "uuid.rfc4122", "opa.runtime", "net.lookup_ip_addr", "trace", "print"}
    | {"io.jwt.decode_verify", "io.jwt.encode_sign", "io.jwt.encode_sign_raw"}
    | {f"crypto.x509.parse_and_verify_certificates{more}" for more in ("", "_with_options")}
)

_engines: dict[str, Any] = {}


def main() -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.path[:0] = sys.argv[1:]
    _say("ready")
    for line in sys.stdin:
        asked = json.loads(line)
        # by the kernel, whatever the engine does: nobody's orphan runs for ever
        signal.setitimer(signal.ITIMER_REAL, asked["seconds"])
        for answer in _check(asked) if asked["do"] == "check" else _evaluate(asked):
            _say(answer)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _say(None)


def _say(answer: object) -> None:
    sys.stdout.write(("" if answer is None else json.dumps(answer)) + "\n")
    sys.stdout.flush()


def _evaluate(asked: dict[str, Any]) -> Iterator[list[Any]]:
    """[digest, rule, tier, reasons, failure] for each rule of each program, in the order in which they were asked."""
    for program in asked["programs"]:
        digest, rules = program["digest"], program["rules"]
        try:
            engine = _engine(digest, program["modules"])
            engine.set_input_json(asked["input"])
        except BaseException as broken:
            _reraise(broken)
            yield from ([digest, rule, None, None, "not_loaded"] for rule, _ in rules or [["", ""]])
            continue
        for rule, package in rules:
            yield [digest, rule, *_answer(engine, package)]


def _engine(digest: str, modules: list[list[str]] | None) -> Any:
    if modules is not None:
        _engines[digest] = _ready(_load(modules))
    return _engines[digest]


def _load(modules: list[list[str]]) -> Any:
    import regorus

    engine = regorus.Engine()
    engine.set_gather_prints(True)
    for name, text in modules:
        engine.add_policy(name, text)
    return engine


def _ready(engine: Any) -> Any:
    """With what an engine makes of its modules before its first query, which raises for what no rule can mean."""
    engine.set_input_json("{}")
    engine.eval_query_as_json("true")
    return engine


def _answer(engine: Any, package: str) -> tuple[Any, Any, str]:
    try:
        # one query for both: what they share is evaluated once
        text = engine.eval_query_as_json(f"[data.{package}.tier, data.{package}.reasons]")
        engine.take_prints()
        if len(text) > MOST_ANSWER:
            return None, None, "huge"
        found = json.loads(text).get("result")
        value: Any = found[0]["expressions"][0]["value"] if found else UNDEFINED
        tier, reasons = (None, None) if value == UNDEFINED else value
    except BaseException as broken:
        _reraise(broken)
        return None, None, "broken"
    return (None if tier == UNDEFINED else tier), reasons, ""


def _reraise(broken: BaseException) -> None:
    if isinstance(broken, SystemExit | KeyboardInterrupt | GeneratorExit):
        raise broken


def _check(asked: dict[str, Any]) -> Iterator[list[Any]]:
    """Rows: package and name; rule, package, name; refused, file, call; test, package, name, result; wrong, text."""
    (program,) = asked["programs"]
    try:
        engine = _load(program["modules"])
        trees = json.loads(engine.get_ast_as_json())
        for tree in trees:
            yield from _refused(tree)
        _ready(engine)
    except BaseException as broken:
        _reraise(broken)
        yield ["wrong", _told(broken)]
        return
    for tree in trees:
        yield from _described(engine, tree)


def _described(engine: Any, tree: dict[str, Any]) -> Iterator[list[Any]]:
    file, package = tree["source"]["file"], _path(tree["ast"]["package"]["refr"])
    names = {name for name in map(_head, tree["ast"]["rules"]) if name}
    yield ["package", package]
    yield from (["rule", package, name] for name in sorted(names))
    if file.endswith("_test.rego"):
        for name in sorted(name for name in names if name.startswith("test_")):
            yield ["test", package, name, _tested(engine, f"data.{package}.{name}")]


def _refused(tree: dict[str, Any]) -> Iterator[list[Any]]:
    for call in sorted({name for name in _calls(tree["ast"]) if name is None or name in REFUSED}, key=str):
        yield ["refused", tree["source"]["file"], call or "a computed name"]


def _tested(engine: Any, rule: str) -> str:
    try:
        return "passed" if engine.eval_rule_as_json(rule).strip() == "true" else "failed"
    except BaseException as broken:
        _reraise(broken)
        return f"broken: {_told(broken)}"


def _calls(node: Any) -> Iterator[str | None]:
    """The name of all that is called or, as in `with f as http.send`, may be; None where a call is not written out."""
    if isinstance(node, dict):
        call = node.get("Call")
        if isinstance(call, dict):
            yield _path(call["fcn"])
        if "RefDot" in node and (named := _path(node)) is not None:
            yield named
        for value in node.values():
            yield from _calls(value)
    elif isinstance(node, list):
        for value in node:
            yield from _calls(value)


def _path(node: Any) -> str | None:
    """`a.b` of a reference; None when any part of it is computed, or in brackets."""
    if "Var" in node:
        return str(node["Var"]["value"])
    if "RefDot" in node:
        before, field = _path(node["RefDot"]["refr"]), node["RefDot"]["field"]
        return None if before is None else f"{before}.{field[1]}"
    return None


def _head(rule: Any) -> str | None:
    """The first name of a rule's head."""
    if "Default" in rule:
        return _first(rule["Default"]["refr"])
    head = rule["Spec"]["head"]
    (kind,) = head
    return _first(head[kind]["refr"])


def _first(node: Any) -> str | None:
    while "Var" not in node:
        (kind,) = node
        node = (
            node[kind].get("refr", {"Var": {"value": ""}}) if isinstance(node[kind], dict) else {"Var": {"value": ""}}
        )
    return str(node["Var"]["value"]) or None


def _told(broken: BaseException) -> str:
    """What the engine says is wrong, without the stack of its own."""
    text = str(broken).split("Stack backtrace", 1)[0]
    return " ".join(text.split())[:300]


if __name__ == "__main__":
    main()
