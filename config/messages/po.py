"""Read and write gettext catalogues: the text form that people edit, and the form that is looked up."""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.messages.collect import Message

HEADER = (
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
    "Language: {language}\n"
    "MIME-Version: 1.0\n"
    "Plural-Forms: nplurals=2; plural=(n != 1);\n"
)
_MAGIC, _WORDS = 0x950412DE, 7


@dataclass(frozen=True, slots=True)
class Said:
    """The translation of one text: one form, or one for each number; `fuzzy` says that nobody has read it since."""

    forms: tuple[str, ...]
    fuzzy: bool = False


def read(path: Path) -> dict[Message, Said]:
    """The entries of a .po file, without its header."""
    found: dict[Message, Said] = {}
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        parts, fuzzy = _parts(block)
        message = Message(parts.get("msgctxt", ""), parts.get("msgid", ""), parts.get("msgid_plural", ""))
        if message.text:
            forms = tuple(text for name, text in parts.items() if name.startswith("msgstr"))
            found[message] = Said(forms, fuzzy)
    return found


def _parts(block: str) -> tuple[dict[str, str], bool]:
    parts: dict[str, str] = {}
    name, fuzzy = "", False
    for line in block.splitlines():
        if line.startswith("#"):
            fuzzy |= line.startswith("#,") and "fuzzy" in line
        elif line.startswith('"'):
            parts[name] += ast.literal_eval(line)
        elif line:
            name, _, text = line.partition(" ")
            parts[name] = ast.literal_eval(text)
    return parts, fuzzy


def written(entries: Mapping[Message, Said], language: str) -> str:
    """A .po file: sorted, one line for each text, so that two people rarely change the same lines."""
    header = HEADER.format(language=language)
    blocks = ['msgid ""\nmsgstr ""\n' + "\n".join(_quoted(line) for line in header.splitlines(keepends=True))]
    for message in sorted(entries):
        lines = ["#, fuzzy"] if entries[message].fuzzy else []
        lines += [f"msgctxt {_quoted(message.context)}"] if message.context else []
        lines.append(f"msgid {_quoted(message.text)}")
        forms = entries[message].forms
        if message.plural:
            lines.append(f"msgid_plural {_quoted(message.plural)}")
            lines += [f"msgstr[{place}] {_quoted(text)}" for place, text in enumerate(forms)]
        else:
            lines.append(f"msgstr {_quoted(forms[0])}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def compiled(entries: Mapping[Message, Said], language: str) -> bytes:
    """The .mo file: what is fuzzy or has no text is left out, and is then read in English."""
    pairs = [("", HEADER.format(language=language))]
    pairs += [(_key(m), "\0".join(said.forms)) for m, said in entries.items() if all(said.forms) and not said.fuzzy]
    texts = sorted((key.encode(), text.encode()) for key, text in pairs)
    start = _WORDS * 4 + 16 * len(texts)
    tables: list[bytes] = []
    heap = b""
    for column in (0, 1):
        for pair in texts:
            tables.append(struct.pack("<II", len(pair[column]), start + len(heap)))
            heap += pair[column] + b"\0"
    head = struct.pack("<7I", _MAGIC, 0, len(texts), _WORDS * 4, _WORDS * 4 + 8 * len(texts), 0, 0)
    return head + b"".join(tables) + heap


def merged(found: Iterable[Message], before: Mapping[Message, Said]) -> dict[Message, Said]:
    """What there is now with the translations there were; what is gone goes."""
    empty = {True: Said(("", "")), False: Said(("",))}
    return {message: before.get(message, empty[bool(message.plural)]) for message in found}


def _key(message: Message) -> str:
    context = f"{message.context}\x04" if message.context else ""
    return context + message.text + (f"\0{message.plural}" if message.plural else "")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
