"""The characters that a page prints for pieces of text: for the template tags, and for what a verdict covers."""

from __future__ import annotations

from reviews.shown import Piece, Pieces
from reviews.visible import visible

LONGEST_VALUE = 64
LONGEST_WORDS = 400


def printed(piece: Piece) -> str:
    """One piece as every page prints it: capped, with everything invisible written out."""
    return visible(piece.text, LONGEST_VALUE if piece.literal else LONGEST_WORDS)


def spelled(pieces: Pieces) -> str:
    """What a person reads of these pieces, white space as browsers collapse it."""
    return collapsed("".join(map(printed, pieces)))


def collapsed(text: str) -> str:
    """Runs of white space as one space, none at the ends."""
    return " ".join(text.split())
