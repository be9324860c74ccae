"""Tables with a quantity for each week, day, month or location in a column of its own: read as the lines
that they stand for, one for each quantity."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.pipeline.files import column_days as days
from app.pipeline.files.columns import OTHER_CODES, roles_of
from app.pipeline.files.days import WEEKDAYS, Calendar, looks_like_day
from app.pipeline.files.header import Header
from app.pipeline.files.numbers import Decimals, UnreadableNumber, is_none, is_number, read_quantity
from app.pipeline.files.options import Options
from app.pipeline.files.rows import begins_a_total, is_total_word
from app.pipeline.files.text import NeedsAnswer, Record
from app.pipeline.files.vocabulary import IN_WORDS, OTHER_THINGS

_FEWEST = 2
_MOST = 0.5
_OF_THE_WHOLE_LINE = ("received", "outstanding", "cancelled", "accepted", "rejected")


@dataclass(frozen=True, slots=True)
class Spread:
    """Columns of quantities. `role` is what their names say of them (expected_on or location), `means`
    what each says, by its place: a day as in ISO 8601, `NO_DAY`, or a location."""

    role: str
    means: Mapping[int, str]
    header: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The columns as people name them."""
        first, last = (self.header[place] for place in (min(self.means), max(self.means)))
        return f'"{first}" to "{last}"' if first != last else f'"{first}"'

    @property
    def places(self) -> dict[str, int]:
        """Where what a column says and its quantity stand in each line."""
        return {self.role: len(self.header), "quantity": len(self.header) + 1}

    def lines(self, records: Iterator[Record], codes: Sequence[int]) -> Iterator[Record]:
        """A record for each quantity; one without an item stays as it is. `codes` are the places of what
        names items."""
        for record in records:
            cells = [*record.cells, *[""] * len(self.header)][: len(self.header)]
            item = next((cells[place].strip() for place in codes if cells[place].strip()), "")
            if record.problem is not None or not item or is_total_word(item):
                yield record
            elif tuple(" ".join(cell.split()) for cell in cells) != self.header:
                rest = _without(cells, self.means)
                for place, said in self.means.items():
                    if not _is_nothing(cells[place]):
                        yield replace(record, cells=[*rest, said, cells[place].strip()])


def names_for_roles(
    header: Header, spread: Spread | None, options: Options, places: Sequence[str]
) -> list[str]:
    """The names of columns that may have a role of their own: not those that hold quantities, nor the
    shop's own locations."""
    return _without(
        header.cells, {*_of_places(header, options, places), *(spread.means if spread else ())}
    )


def _without(cells: Sequence[str], places: Container[int]) -> list[str]:
    return ["" if place in places else cell for place, cell in enumerate(cells)]


def lasting(header: Header, calendar: Calendar) -> tuple[str, ...]:
    """The names by which a later file of the same kind is known again: those of weeks pass."""
    passing = _of_days(header, calendar)
    return tuple(name for place, name in enumerate(header.cells) if place not in passing)


def find_spread(
    header: Header, options: Options, places: Sequence[str], calendar: Calendar
) -> tuple[Spread | None, Calendar]:
    """The columns that hold a quantity each, if the table has such, and the calendar by which days are
    read then. Raises `NeedsAnswer` where nothing tells which number of their names is the day."""
    said = options.columns
    if said.get("quantity"):
        return None, calendar
    if not said.get("expected_on") and (found := _of_days(header, calendar)):
        calendar = _in_order(header, [header.cells[place] for place in found], calendar)
        return _by_day(header, calendar, options), calendar
    if not said.get("location") and (at := _of_places(header, options, places)):
        return _by_place(header, at, options), calendar
    return None, calendar


def _of_days(header: Header, calendar: Calendar) -> dict[int, date]:
    """The places of columns that name a day, whichever of its numbers that is."""
    orders = [calendar.order] if calendar.order else ["dmy", "mdy"]

    def read(name: str) -> date | None:
        found = (days.day_of(name, replace(calendar, order=order)) for order in orders)
        return next(filter(None, found), None)

    named = {place: day for place, name in enumerate(header.cells) if name and (day := read(name))}
    return named if _are_quantities(header, named, ("expected_on", "quantity")) else {}


def _of_places(header: Header, options: Options, places: Sequence[str]) -> dict[int, str]:
    spelled = {**{_spelled(place): place for place in places}, **options.places}
    named: dict[int, str] = {}
    for place, name in enumerate(header.cells):
        for each in (name, days.without_neutral_words(name)):
            if each and (found := spelled.get(_spelled(each))):
                named.setdefault(place, found)
    return named if _are_quantities(header, named, ("quantity",)) else {}


def _are_quantities(header: Header, named: Mapping[int, object], roles: Sequence[str]) -> bool:
    """Whether such columns hold numbers; one alone, if no other column can be what it says."""
    told = [cell for place in named for cell in _cells(header, place) if not is_none(cell)]
    amounts = sum(is_number(cell) and not looks_like_day(cell) for cell in told)
    others = [name for place, name in enumerate(header.cells) if name and place not in named]
    is_alone = not any(role in roles for name in others for role, _ in roles_of(name))
    return bool(told) and amounts >= _MOST * len(told) and (len(named) >= _FEWEST or is_alone)


def _in_order(header: Header, names: Sequence[str], calendar: Calendar) -> Calendar:
    if calendar.order is not None:
        return calendar
    order = days.order_of(names, (cell for row in header.sample for cell in row), calendar.today)
    if order == "":
        raise NeedsAnswer(
            f'"{names[0]}" to "{names[-1]}" may be day first or month first, and no date in the file '
            "tells. Say which is meant (dmy or mdy).",
            columns=header.cells,
        )
    return replace(calendar, order=order)


def _by_day(header: Header, calendar: Calendar, options: Options) -> Spread:
    found = _of_days(header, calendar)
    names = [header.cells[place] for place in found]
    are_days = not any(map(days.is_week, names)) and days.are_weeks_apart(list(found.values()))
    if options.week_day and are_days:
        kept = [place for place in found if days.names_its_day(header.cells[place])]
        found = days.on_weekday(found, kept, WEEKDAYS[options.week_day])
    means = {place: str(day) for place, day in found.items()}
    means |= {
        place: days.NO_DAY
        for place, name in enumerate(header.cells)
        if place not in found and days.says_no_day(name) and _holds_numbers(header, place)
    }
    spread = Spread("expected_on", dict(sorted(means.items())), header.cells)
    first, last = min(found.values()), max(found.values())
    notes = [f"{spread.words} hold quantities by date, {first} to {last}."]
    if any(map(days.is_week, names)):
        notes.append(
            f"A week means its {(options.week_day or 'friday').title()}: choose another day if goods "
            "come on it (week day)."
        )
    elif are_days and not options.week_day:
        notes.append(
            "These days are weeks apart: if they name weeks, choose the day on which goods come "
            "(week day)."
        )
    return replace(spread, notes=tuple(notes))


def _by_place(header: Header, at: Mapping[int, str], options: Options) -> Spread:
    spread = Spread("location", at, header.cells)
    notes = [f"{spread.words} hold quantities by location."]
    for place in {each + step for each in at for step in (-1, 1)} - at.keys():
        name = header.cells[place] if 0 <= place < len(header.cells) else ""
        words = {*name.casefold().split()}
        is_named = not name or roles_of(name) or begins_a_total(name) or words & OTHER_THINGS
        if not is_named and _holds_numbers(header, place):
            notes.append(
                f'"{name}" holds numbers and is not used: if it is a location, name it as in your shop '
                f'(--place "{name}={next(iter(at.values()))}").'
            )
    return replace(spread, notes=tuple(notes))


def settled(
    spread: Spread, header: Header, columns: Mapping[str, int], options: Options
) -> dict[str, int]:
    """The columns of each role where quantities stand in `spread`. Raises `NeedsAnswer` where another
    column may say what they do."""

    def ask(question: str) -> NeedsAnswer:
        used = {role: header.cells[place] for role, place in columns.items()}
        return NeedsAnswer(question, columns=header.cells, used=used)

    names = tuple(header.cells[place] for place in spread.means)
    for role in _OF_THE_WHOLE_LINE:
        place = columns.get(role)
        if place is None or header.cells[place].startswith(names):
            continue
        if not all(map(_is_nothing, _cells(header, place))):
            raise ask(
                f'"{header.cells[place]}" tells the {IN_WORDS[role]} of a whole line, and not of which '
                f"of {spread.words}: choose {role}=none if these hold what still comes, or correct them."
            )
    adds_up = "quantity" in columns and _adds_up(spread, header, columns, options)
    for role in (spread.role, *([] if adds_up else ["quantity"])):
        place = columns.get(role)
        if place is not None and any(_cells(header, place)):
            raise ask(
                f'Is the {_SHORTLY[role]} in "{header.cells[place]}" or in {spread.words}? Choose '
                f'{role}="{header.cells[place]}" or {role}=none.'
            )
    dropped = {
        *_OF_THE_WHOLE_LINE,
        "expected_before" if spread.role == "expected_on" else "",
        "quantity",
    }
    return {role: place for role, place in columns.items() if role not in dropped} | spread.places


_SHORTLY = {"quantity": "quantity", "expected_on": "expected date", "location": "location"}


def _adds_up(spread: Spread, header: Header, columns: Mapping[str, int], options: Options) -> bool:
    """Whether a column of quantities is the sum of the others in every line."""
    codes = [columns[role] for role in ("sku", *OTHER_CODES) if role in columns]
    for row in header.sample:
        cells = [*row, *[""] * len(header.cells)]
        if not any(cells[place].strip() for place in codes):
            continue
        try:
            total, *parts = (
                0 if is_none(cells[place]) else read_quantity(cells[place], Decimals(options.decimal))
                for place in (columns["quantity"], *spread.means)
            )
        except UnreadableNumber:
            continue
        if total != sum(parts):
            return False
    return True


def _holds_numbers(header: Header, place: int) -> bool:
    return _share(_cells(header, place), is_number) >= _MOST


def _cells(header: Header, place: int) -> list[str]:
    return [row[place] for row in header.sample if place < len(row) and row[place].strip()]


def _share(cells: Sequence[str], is_such: Callable[[str], bool]) -> float:
    return sum(map(is_such, cells)) / len(cells) if cells else 0.0


def _is_nothing(cell: str) -> bool:
    return is_none(cell) or not cell.strip(" 0.,")


def _spelled(name: str) -> str:
    return " ".join(name.casefold().split())
