"""Reading a folder of recorded agent runs; docs/reference/recorded-runs.md describes the format."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from governance.policy.tiers import Risk

MAX_LINE = 4_000_000
MAX_EXPONENT = 30
_RISKS = {risk.name.lower(): risk for risk in Risk}
_CLAIM_ID = re.compile(r"(.+)#([0-9]+)", re.DOTALL)


class FolderError(ValueError):
    """A folder that cannot be replayed; the message names the file, the line and what is wrong, never a value."""


@dataclass(frozen=True, slots=True)
class Tool:
    """What tools.json proposes for one tool. `money` is a formula in words, `entities` are velocity keys."""

    risk: Risk
    money: str | None
    reversible: bool
    entities: tuple[str, ...]


# A tool that tools.json does not know is taken at its worst.
UNKNOWN_TOOL = Tool(Risk.HIGH, None, False, ())


@dataclass(frozen=True, slots=True)
class Call:
    """One recorded tool call. `note` and `observation` are untrusted texts."""

    agent: str
    session: str
    seq: int
    domain: str
    tool: str
    arguments: Mapping[str, Any]
    is_write: bool
    note: str
    observation: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """All of a folder: calls in recorded order, tools by group, claim sets by (session, seq), files of records."""

    path: Path
    calls: tuple[Call, ...]
    tools: Mapping[str, Mapping[str, Tool]]
    claims: Mapping[tuple[str, int], Mapping[str, Any]]
    records: tuple[Path, ...]

    def group_of(self, call: Call) -> str:
        """The group of tools.json a call belongs to: its domain, or the longest group the domain begins with."""
        fitting = [group for group in self.tools if call.domain == group or call.domain.startswith(f"{group}-")]
        return max(fitting, key=len, default=call.domain)

    def tool_of(self, call: Call) -> Tool:
        """What is known about the tool of a call."""
        return self.tools.get(self.group_of(call), {}).get(call.tool, UNKNOWN_TOOL)


def read_folder(path: Path) -> Folder:
    """Read `tools.json`, `actions.jsonl[.gz]`, and, where they exist, `claims.jsonl[.gz]` and `records/`."""
    if not path.is_dir():
        raise FolderError(f"There is no folder {path}.")
    actions = _either(path, "actions.jsonl")
    if actions is None or not (path / "tools.json").is_file():
        missing = "tools.json" if actions is not None else "actions.jsonl.gz (or actions.jsonl)"
        raise FolderError(f"{path} is no folder of recorded runs: {missing} is missing.")
    claims = _either(path, "claims.jsonl")
    return Folder(
        path=path,
        calls=_calls(actions),
        tools=_tools(path / "tools.json"),
        claims={} if claims is None else _claims(claims),
        records=tuple(sorted(file for file in (path / "records").glob("*") if _is_records(file))),
    )


def _either(folder: Path, name: str) -> Path | None:
    """The compressed or the plain file of this name."""
    return next((file for file in (folder / f"{name}.gz", folder / name) if file.is_file()), None)


def _is_records(file: Path) -> bool:
    return file.is_file() and file.name.removesuffix(".gz").endswith(".json") and not file.name.startswith(".")


def _calls(file: Path) -> tuple[Call, ...]:
    calls: list[Call] = []
    seen: set[tuple[str, int]] = set()
    for row in _rows(file):
        call = Call(
            agent=row.text("agent"),
            session=row.text("session_id"),
            seq=row.number("seq"),
            domain=row.text("domain"),
            tool=row.text("tool"),
            arguments=row.mapping("arguments"),
            is_write=row.flag("is_write"),
            note=row.words("agent_text"),
            observation=row.words("observation"),
            model=row.words("model"),
        )
        if (call.session, call.seq) in seen:
            raise row.wrong("session_id and seq name a call that came before")
        seen.add((call.session, call.seq))
        calls.append(call)
    if not calls:
        raise FolderError(f"{file.name} has no line.")
    return tuple(calls)


def _claims(file: Path) -> dict[tuple[str, int], Mapping[str, Any]]:
    """The claim sets that nobody altered, by the call they belong to."""
    found: dict[tuple[str, int], Mapping[str, Any]] = {}
    for row in _rows(file):
        if row.values.get("altered_field") is not None:
            continue
        match = _CLAIM_ID.fullmatch(row.text("claim_id"))
        if match is None:
            raise row.wrong("claim_id is written session#seq")
        found[(match[1], int(match[2]))] = row.mapping("claims")
    return found


def _tools(file: Path) -> dict[str, dict[str, Tool]]:
    try:
        document = _parse(file.read_bytes())
    except OSError as error:
        raise FolderError(f"{file.name} cannot be read.") from error
    except (ValueError, RecursionError) as error:
        raise FolderError(f"{file.name}: {_why(error)}.") from error
    if not isinstance(document, dict) or not all(isinstance(group, dict) for group in document.values()):
        raise FolderError(f"{file.name} maps groups to their tools.")
    return {
        group: {name: _tool(_Row(file.name, 0, entry, f"{group}.{name}")) for name, entry in tools.items()}
        for group, tools in document.items()
    }


def _tool(row: _Row) -> Tool:
    if not isinstance(row.values, dict):
        raise row.wrong("an object is expected")
    risk = _RISKS.get(str(row.values.get("risk_tier")))
    if risk is None:
        raise row.wrong("risk_tier is low, medium or high")
    entities = row.values.get("velocity_entities", [])
    if not isinstance(entities, list) or not all(isinstance(entity, str) for entity in entities):
        raise row.wrong("velocity_entities is a list of names")
    money = row.values.get("money")
    if money is not None and not isinstance(money, str):
        raise row.wrong("money is a formula in words, or null")
    return Tool(risk, money, row.values.get("reversible") is True, tuple(entities))


@dataclass(frozen=True, slots=True)
class _Row:
    """One object with its place, for sentences about what is wrong with it."""

    file: str
    line: int
    values: dict[str, Any]
    name: str = ""

    def wrong(self, what: str) -> FolderError:
        return FolderError(f"{self.file}, {self.name or f'line {self.line}'}: {what}.")

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or not value:
            raise self.wrong(f"{key} is text and not empty")
        return value

    def words(self, key: str) -> str:
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            raise self.wrong(f"{key} is text")
        return value or ""

    def number(self, key: str) -> int:
        value = self.values.get(key)
        if type(value) is not int or value < 0:
            raise self.wrong(f"{key} is a whole number, not negative")
        return value

    def flag(self, key: str) -> bool:
        value = self.values.get(key)
        if type(value) is not bool:
            raise self.wrong(f"{key} is true or false")
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        value = self.values.get(key)
        if not isinstance(value, dict):
            raise self.wrong(f"{key} is an object")
        return value


def _rows(file: Path) -> Iterator[_Row]:
    """The objects of a file of JSON lines, compressed or not."""
    line = 0
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            while raw := lines.readline(MAX_LINE):
                line += 1
                if not raw.strip():
                    continue
                if len(raw) == MAX_LINE and not raw.endswith(b"\n"):
                    raise _UnfitError(f"more than {MAX_LINE} bytes")
                values = _parse(raw)
                if not isinstance(values, dict):
                    raise _UnfitError("not a JSON object")
                yield _Row(file.name, line, values)
    except (OSError, EOFError, zlib.error) as error:
        raise FolderError(f"{file.name} cannot be read behind line {line}.") from error
    except (ValueError, RecursionError) as error:
        raise FolderError(f"{file.name}, line {line}: {_why(error)}.") from error


class _UnfitError(ValueError):
    """JSON that is not fit to be replayed; the message says why and repeats nothing of it."""


def _why(error: ValueError | RecursionError) -> str:
    """What is wrong with a text that could not be parsed."""
    if isinstance(error, _UnfitError):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return "nested too deeply" if isinstance(error, RecursionError) else "not JSON"


def _parse(raw: bytes) -> Any:
    """JSON with exact numbers; NaN, infinities and what would fill pages of digits are refused."""
    return json.loads(raw.decode("utf-8"), parse_float=_exact, parse_constant=_constant)


def _constant(text: str) -> Decimal:
    raise _UnfitError("NaN or Infinity, which JSON does not have")


def _exact(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
        raise _UnfitError(f"a number beyond {MAX_EXPONENT} digits before or behind the point")
    return number
