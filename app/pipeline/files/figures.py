"""Tables that hold several figures of each item in rows of their own: what was ordered, what has come,
what is needed. A column tells which row is which; adding them up would count goods twice."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.pipeline.files.rows import is_total_word
from app.pipeline.files.text import Record

_MOST_FIGURES = 8
_MOST = 0.5


@dataclass(slots=True)
class _Labels:
    """What a column says of the rows: its words, and of how many lines it says several."""

    words: dict[str, None] = field(default_factory=dict)
    of_line: dict[tuple[str, ...], str] = field(default_factory=dict)
    differing: set[tuple[str, ...]] = field(default_factory=set)


def figures(
    rows: Iterable[Record], keys: Sequence[int], codes: Sequence[int], places: Iterable[int]
) -> Mapping[int, Sequence[str]]:
    """The columns at `places` that tell apart rows of one line, with their words: few, and different for
    most lines that have several rows. `keys` are the places of what names a line, `codes` those of what
    names its item."""
    found = {place: _Labels() for place in places}
    repeated: dict[tuple[str, ...], int] = defaultdict(int)
    for row in rows:
        cells = {place: _cell(row, place) for place in (*keys, *found)}
        item = next((cells[place] for place in codes if cells[place]), "")
        if row.problem is None and item and not is_total_word(item):
            line = tuple(cells[place].casefold() for place in keys)
            repeated[line] += 1
            for place, labels in found.items():
                _see(labels, line, cells[place])
    several = sum(count > 1 for count in repeated.values())
    return {
        place: [*labels.words]
        for place, labels in found.items()
        if 1 < len(labels.words) <= _MOST_FIGURES and len(labels.differing) > _MOST * several
    }


def _cell(row: Record, place: int) -> str:
    return " ".join(row.cells[place].split()) if place < len(row.cells) else ""


def _see(labels: _Labels, line: tuple[str, ...], word: str) -> None:
    if not word or len(labels.words) > _MOST_FIGURES:
        return
    labels.words[word] = None
    if labels.of_line.setdefault(line, word) != word:
        labels.differing.add(line)
