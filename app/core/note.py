"""Our block inside a note that belongs to other people. Their text survives byte for byte."""

import re
from typing import NamedTuple

OPEN, CLOSE = "[backorder]", "[/backorder]"
GLUE = "\n\n"

# The platform's editors may turn our line ends into CRLF; an unclosed marker that a person typed is
# text of theirs, so a block holds no second opening.
_BLOCK = re.compile(r"\[backorder\]\r?\n(?:(?!\[backorder\]).)*?\r?\n\[/backorder\]", re.DOTALL)


class Placed(NamedTuple):
    """A note with our block in it; `glue` is what we put between it and the text before, and must
    take away again with the block."""

    note: str
    glue: str


def find_block(note: str) -> str | None:
    """Our block as it stands in the note, or None."""
    matches = _BLOCK.findall(note)
    return matches[-1] if matches else None


def place_block(note: str, block: str, *, glue: str) -> Placed:
    """Put our block where it stands already, else at the end. `glue` is what went before it."""
    standing = find_block(note)
    if standing is not None:
        before, _, after = note.rpartition(standing)
        return Placed(before + block + after, glue)
    return append_block(note, block)


def append_block(note: str, block: str) -> Placed:
    """Put our first block at the end; a whole block that stands there before was pasted by a person."""
    glue = GLUE if note else ""
    return Placed(note + glue + block, glue)


def remove_block(note: str, *, glue: str) -> str:
    """Take our block and the `glue` before it, whatever line ends an editor gave it, out of a note."""
    standing = find_block(note)
    if standing is None:
        return note
    before, _, after = note.rpartition(standing)
    crlf = glue.replace("\n", "\r\n")
    return before.removesuffix(crlf if crlf and before.endswith(crlf) else glue) + after
