"""Our block inside a note that belongs to other people. Their text survives byte for byte."""

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

OPEN, CLOSE = "[backorder]", "[/backorder]"
GLUE = "\n\n"

# The platform's editors may turn our line ends into CRLF; an unclosed marker that a person typed is
# text of theirs, so a block holds no second opening.
_BLOCK = re.compile(r"\[backorder\]\r?\n(?:(?!\[backorder\]).)*?\r?\n\[/backorder\]", re.DOTALL)

_WORD = re.compile(r"[^\s,;.!?()\[\]\"]+")

Spans = Sequence[tuple[int, int]]


class Placed(NamedTuple):
    """A note with our block in it; `glue` is what we put between it and the text before, and must
    take away again with the block."""

    note: str
    glue: str


def find_block(note: str) -> str | None:
    """The last block that stands in the note, or None."""
    spans = [found.span() for found in _BLOCK.finditer(note)]
    return note[slice(*spans[-1])] if spans else None


def find_ours(note: str, *, has_block: bool, is_our_wording: Callable[[str], bool]) -> Spans:
    """Where blocks of ours stand: every one in words of ours, for other apps copy, merge and put back
    whole notes; and where one of ours should stand (`has_block`) and none is in such words, the last,
    which a person has edited. A block in other words is a person's."""
    spans = [found.span() for found in _BLOCK.finditer(note)]
    # What a person edited is no longer in our words: without this it would stay, with ours beside it.
    known = [span for span in spans if is_our_wording(note[slice(*span)])]
    return known or (spans[-1:] if has_block else [])


def own_words(note: str) -> frozenset[str]:
    """The words that people wrote into a note outside of blocks like ours, as they are written; without
    the marks that end a sentence or enclose something."""
    return frozenset(word.rstrip(":") for word in _WORD.findall(_BLOCK.sub(" ", note))) - {""}


def digest_of(text: str) -> str:
    """What tells one block, or several in a row, from another, whatever line ends an editor gave it."""
    return (
        sha256(text.replace("\r\n", "\n").encode(errors="surrogatepass")).hexdigest()[:16]
        if text
        else ""
    )


def digest_of_blocks(note: str) -> str:
    """The digest of all blocks in a note, ours or not; that of the block where there is one, empty where
    there is none. Nothing of the text can be read from it."""
    return digest_of("\n".join(found.group() for found in _BLOCK.finditer(note)))


def put_block(note: str, block: str, *, ours: Spans, glue: str | None) -> Placed:
    """Put our block where the last of `ours` stands (see `find_ours`), else at the end; copies of it go.
    `glue` is what we had put before the last (None: nobody knows, so what looks like it is)."""
    if not ours:
        # Nothing to part from in an empty note, and nothing to take away again later.
        glue = GLUE if note else ""
        return Placed(note + glue + block, glue)
    start, end = ours[-1]
    before = _without(note[:start], ours[:-1])
    if glue is None:
        glue = GLUE if before != _without_glue(before, GLUE) else ""
    return Placed(before + block + note[end:], glue)


def remove_blocks(note: str, *, ours: Spans, glue: str | None) -> str:
    """Take all of `ours` out of a note: the last with the `glue` that we had put before it."""
    if not ours:
        return note
    start, end = ours[-1]
    before = _without(note[:start], ours[:-1])
    return _without_glue(before, GLUE if glue is None else glue) + note[end:]


def _without(text: str, spans: Spans) -> str:
    """The text without these blocks, and what we put before each when there was text before it."""
    # From the end, so that the places of those before stay right.
    for start, end in reversed(spans):
        text = _without_glue(text[:start], GLUE) + text[end:]
    return text


def _without_glue(text: str, glue: str) -> str:
    # An editor may have given our line ends its own.
    crlf = glue.replace("\n", "\r\n")
    return text.removesuffix(crlf if crlf and text.endswith(crlf) else glue)
