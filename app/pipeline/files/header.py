"""Where a table's line of names stands: titles, dates and blank rows may stand above it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from app.pipeline.files import text
from app.pipeline.files.columns import NEEDED, count_named, is_made_of_names
from app.pipeline.files.text import DELIMITERS, Dialect, Record, Source

_HEADER_WITHIN = 60
_SAMPLE = 200
_FEWEST_NAMES = 2


@dataclass(frozen=True, slots=True)
class Header:
    """A table's line of names: in which dialect, in which records it stands; `sample` are the rows under
    it, `above` those before it."""

    dialect: Dialect
    spoken: str
    cells: tuple[str, ...]
    begins: int
    ends: int
    sample: Sequence[Sequence[str]]
    above: Sequence[Sequence[str]] = ()


def find_header(source: Source) -> Header:
    """The first row that names most of our columns, by whichever encoding and delimiter: titles, dates
    and blank rows may stand above it, and its names may be wrapped over two rows."""
    found: list[tuple[tuple[int, int, int], Header]] = []
    for codec, spoken in text.encodings(source):
        named = text.named_delimiter(source, codec)
        for delimiter in [named] if named else DELIMITERS:
            dialect = Dialect(codec, delimiter, "replace")
            top = list(islice(text.records(source, dialect), _HEADER_WITHIN + _SAMPLE))
            found += _candidates(dialect, spoken, top)
    best = max(score for score, _ in found)
    header = next(header for score, header in found if score == best)
    text.prove(source, header.dialect.encoding, header.spoken)
    return replace(header, dialect=replace(header.dialect, errors="strict"))


def _candidates(
    dialect: Dialect, spoken: str, top: Sequence[Record]
) -> Iterator[tuple[tuple[int, int, int], Header]]:
    """Each row near the top as a header, alone and together with the row under it, with how many of our
    columns it names."""
    for place, record in enumerate(top[:_HEADER_WITHIN]):
        below = [each.cells for each in top[place + 1 : place + 1 + _SAMPLE]]
        cells = tuple(" ".join(cell.split()) for cell in record.cells)
        score = count_named(cells)
        above = [each.cells for each in top[:place]]
        yield (*score, 0), Header(dialect, spoken, cells, record.line, _end(top, place), below, above)
        wrapped = _wrapped(cells, below)
        if wrapped is not None and _is_one_header(count_named(wrapped), score, below[0]):
            ends = _end(top, place + 1)
            header = Header(dialect, spoken, wrapped, record.line, ends, below[1:], above)
            yield (*count_named(wrapped), 1), header


def _is_one_header(wrapped: tuple[int, int], upper: tuple[int, int], lower: Sequence[str]) -> bool:
    """Whether two rows are one header: together they name more than each, or the upper is nearly a
    header by itself and the lower is made of words for columns, so it is no order line."""
    if wrapped > max(upper, count_named(lower)):
        return True
    return wrapped >= upper and upper[0] >= len(NEEDED) - 1 and is_made_of_names(lower)


def _end(top: Sequence[Record], place: int) -> int:
    """The last line before the next record."""
    return top[place + 1].line - 1 if place + 1 < len(top) else text.MOST_LINES


def _wrapped(cells: Sequence[str], below: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """The names together with the row under them, if that holds no number and these are no labels
    ("Our order no.:")."""
    if (
        not below
        or sum(map(bool, below[0])) < _FEWEST_NAMES
        or any(character.isdigit() for cell in below[0] for character in cell)
        or any(cell.endswith(":") for cell in cells)
    ):
        return None
    width = max(len(cells), len(below[0]))
    upper, lower = (list(row) + [""] * (width - len(row)) for row in (cells, below[0]))
    return tuple(" ".join(f"{one} {other}".split()) for one, other in zip(upper, lower, strict=True))
