"""Tables that hold several figures of each item in rows of their own: what was ordered, what has come,
what is needed. A column tells which row is which; adding them up would count goods twice."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.pipeline.files.fold import fold
from app.pipeline.files.parts import parts_of
from app.pipeline.files.rows import is_total_word
from app.pipeline.files.text import Record
from app.pipeline.files.vocabulary import MEASURES

_MOST_FIGURES = 8
_MOST_WORDS = 4
_MOST = 0.5
_IDEAS = frozenset({"ordered", "landed", "open", "expected", "cancelled", "accepted", "rejected"})


@dataclass(slots=True)
class _Labels:
    """What a column says of the rows: its words, and of how many lines it says several."""

    words: dict[str, None] = field(default_factory=dict)
    of_line: dict[tuple[str, ...], str] = field(default_factory=dict)
    differing: set[tuple[str, ...]] = field(default_factory=set)
    count: int = 0

    @property
    def are_measures(self) -> bool:
        """Whether most words name a figure, and not all the same one: lots, containers and comments
        tell apart rows that add up."""
        ideas = [_ideas(word) for word in self.words]
        named = [idea for idea in ideas if idea]
        return len({*named}) > 1 and len(named) >= _MOST * len(ideas)


def _ideas(word: str) -> frozenset[str]:
    words = fold(word)
    if len(words.split()) > _MOST_WORDS or any(map(str.isdigit, words)):
        return frozenset()
    return (parts_of(words) & _IDEAS) | ({*words.split()} & MEASURES)


def figures(
    rows: Iterable[Record], keys: Sequence[int], codes: Sequence[int], places: Iterable[int]
) -> Mapping[int, Sequence[str]]:
    """The columns at `places` that name the figure in each row, with their words: few, told in most
    rows, and different for most lines that have several. `keys` are the places of what names a line,
    `codes` those of what names its item."""
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
    rows_seen = sum(repeated.values())
    return {
        place: [*labels.words]
        for place, labels in found.items()
        if 1 < len(labels.words) <= _MOST_FIGURES
        and len(labels.differing) > _MOST * several
        and labels.count > _MOST * rows_seen
        and labels.are_measures
    }


def _cell(row: Record, place: int) -> str:
    return " ".join(row.cells[place].split()) if place < len(row.cells) else ""


def _see(labels: _Labels, line: tuple[str, ...], word: str) -> None:
    if not word or len(labels.words) > _MOST_FIGURES:
        return
    labels.words[word] = None
    labels.count += 1
    if labels.of_line.setdefault(line, word) != word:
        labels.differing.add(line)
