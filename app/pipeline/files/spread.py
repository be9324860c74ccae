"""Tables with a quantity for each week, day, month or location in a column of its own: read as the lines
that they stand for, one for each quantity."""

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from app.pipeline.files import column_days as days
from app.pipeline.files import timeline
from app.pipeline.files.columns import roles_of
from app.pipeline.files.days import WEEKDAYS, Calendar, looks_like_day
from app.pipeline.files.fold import fold
from app.pipeline.files.header import Header
from app.pipeline.files.numbers import is_none, is_number
from app.pipeline.files.options import Options
from app.pipeline.files.rows import begins_a_total, is_total_word
from app.pipeline.files.text import MOST_LINES, Answer, FileRefused, NeedsAnswer, Record
from app.pipeline.files.totals import is_nothing
from app.pipeline.files.vocabulary import NO_DELIVERIES, NO_ORDERS, OTHER_THINGS, PERIODS

_NUMBER = "9"
_FEWEST = 2
_MOST = 0.5
NO_UNITS = "0"
"""What stands for the quantity of a line that has none in any of the columns."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Columns of quantities. `role` is what their names say of them (expected_on or location), `means`
    what each says, by its place: a day as in ISO 8601, `NO_DAY`, or a location. `came` are the places of
    columns that tell what has come of a day, and whether another holds what is expected on it."""

    role: str
    means: Mapping[int, str]
    header: tuple[str, ...]
    notes: tuple[str, ...] = ()
    came: Mapping[int, bool] = field(default_factory=dict)

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
        """A record for each quantity, and one of no units for a row that has none: nothing more comes of
        it. One without an item stays as it is, with its quantities in one. `codes` are the places of
        what names items. Raises `FileRefused` where they are too many."""
        count = 0
        for record in records:
            cells = [*record.cells, *[""] * len(self.header)][: len(self.header)]
            item = next((cells[place].strip() for place in codes if cells[place].strip()), "")
            if record.problem is not None or is_total_word(item):
                yield record
            elif tuple(" ".join(cell.split()) for cell in cells) != self.header:
                for one in self._quantities(cells, item):
                    count += 1
                    if count > MOST_LINES:
                        raise FileRefused(f"The file has more than {MOST_LINES:,} quantities: split it.")
                    yield record._replace(cells=one)

    def _quantities(self, cells: Sequence[str], item: str) -> Iterator[list[str]]:
        told = {place: cells[place].strip() for place in self.means if not is_nothing(cells[place])}
        if not item:
            yield [*cells, "", _in_one([*told.values()])]
            return
        rest = _without(cells, self.means)
        for place, quantity in told.items():
            yield [*rest, self.means[place], quantity]
        if not told:
            yield [*rest, next(iter(self.means.values())), NO_UNITS]


def _in_one(quantities: Sequence[str]) -> str:
    """Of a row that adds up others, their sum."""
    if all(one.isdecimal() for one in quantities):
        return str(sum(map(int, quantities))) if quantities else ""
    return next(iter(quantities), "")


def names_for_roles(
    header: Header, spread: Spread | None, options: Options, places: Sequence[str], calendar: Calendar
) -> list[str]:
    """The names of columns that may have a role of their own: those that a person said, not those that
    hold quantities or what has come of them, nor the shop's own locations."""
    chosen = {fold(name) for name in options.columns.values() if name}
    said = {place for place, name in enumerate(header.cells) if fold(name) in chosen}
    came = _of_days(header, calendar, days.already_in) if spread else ()
    return _without(
        header.cells,
        {*_of_places(header, options, places), *came, *(spread.means if spread else ())} - said,
    )


def _without(cells: Sequence[str], places: Container[int]) -> list[str]:
    return ["" if place in places else cell for place, cell in enumerate(cells)]


def lasting(header: Header, calendar: Calendar) -> tuple[str, ...]:
    """The names by which a later file of the same kind is known again: those of weeks pass."""
    passing = {*_of_days(header, calendar), *_of_days(header, calendar, days.already_in)}
    return tuple(name for place, name in enumerate(header.cells) if place not in passing)


def find_spread(
    header: Header, options: Options, places: Sequence[str], calendar: Calendar
) -> tuple[Spread | None, Calendar]:
    """The columns that hold a quantity each, if the table has such, and the calendar by which days are
    read then. Raises `NeedsAnswer` where their names leave open which days they mean."""
    said = options.columns
    if said.get("quantity"):
        return None, calendar
    if not (said.get("expected_on") or options.values.get("expected_on")) and (
        found := _of_days(header, calendar)
    ):
        try:
            return _by_day(header, found, calendar, options)
        except timeline.Undecided as problem:
            column = _day_of_a_list(header, found)
            if not (problem.may_be_codes and column):
                other = f' If the expected date is in "{column}", choose expected_on="{column}".'
                question = f"{problem}{other if column else ''}"
                raise NeedsAnswer(
                    question, columns=header.cells, answers=_likely(header, found, problem)
                ) from problem
    if not (said.get("location") or options.values.get("location")) and (
        at := _of_places(header, options, places)
    ):
        return _by_place(header, at, options), calendar
    return None, calendar


def _likely(header: Header, found: Mapping[int, str], problem: timeline.Undecided) -> tuple[Answer, ...]:
    name = timeline.quoted(header.cells[min(found)])
    return tuple(
        Answer("first_day", str(day), f"{name} means {day:%B} {day.day}, {day.year}")
        for day in problem.firsts
    )


def _of_days(
    header: Header,
    calendar: Calendar,
    period_of: Callable[[str, Calendar], str] = days.period_in,
) -> dict[int, str]:
    """The places of columns that name a day, with what they say of it."""
    named = {
        place: text for place, name in enumerate(header.cells) if (text := period_of(name, calendar))
    }
    return named if _are_quantities(header, named, ("expected_on", "quantity")) else {}


def _day_of_a_list(header: Header, named: Mapping[int, object]) -> str:
    """The column of the expected date, where others than these hold that and the quantity; empty where
    they don't."""
    others = [name for place, name in enumerate(header.cells) if place not in named and name]
    roles = {role: name for name in reversed(others) for role, _ in roles_of(name)}
    return roles.get("expected_on", "") if roles.keys() & {"quantity", "outstanding"} else ""


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


def _by_day(
    header: Header, named: Mapping[int, str], calendar: Calendar, options: Options
) -> tuple[Spread, Calendar]:
    texts = days.with_whole_years([*named.values()], calendar.today)
    are_months = texts != [*named.values()]
    named = dict(zip(named, texts, strict=True))
    calendar = replace(calendar, order=timeline.order_of(texts, _dates(header), calendar))
    first_day = date.fromisoformat(options.first_day) if options.first_day else None
    row, said = _row(texts, calendar, first_day, header, options)
    found, notes = _as_meant(dict(zip(named, row, strict=True)), named, options)
    notes = [*said, *notes]
    means = {place: str(day) for place, day in found.items()}
    means |= {
        place: days.NO_DAY
        for place, name in enumerate(header.cells)
        if place not in found and days.says_no_day(name) and _holds_numbers(header, place)
    }
    came = _of_days(header, calendar, days.already_in)
    if are_months:
        came = {place: days.with_whole_year_of_month(text) for place, text in came.items()}
    expected = {days.days_of(text, calendar) for text in texts}
    already = {place: days.days_of(text, calendar) in expected for place, text in came.items()}
    spread = Spread("expected_on", dict(sorted(means.items())), header.cells, came=already)
    first, last = min(found.values()), max(found.values())
    by = "month" if are_months else "date"
    notes = [f"{spread.words} {_hold(means)} quantities by {by}, {first} to {last}.", *notes]
    notes += _passed(found, header, calendar.today) + _unread(spread, header)
    return replace(spread, notes=tuple(notes)), calendar


def _row(
    texts: Sequence[str],
    calendar: Calendar,
    first_day: date | None,
    header: Header,
    options: Options,
) -> tuple[list[date], list[str]]:
    """The days of the columns; where their names leave them open, by the title above the table, or by
    what was said of an earlier file. Raises `timeline.Undecided`."""
    try:
        return timeline.days_in_row(texts, calendar, first_day), []
    except timeline.Undecided:
        name, earlier = timeline.quoted(texts[0]), options.earlier_first
        if row := timeline.days_in_year(texts, calendar, header.above):
            return row, [f"{name} is read as {row[0]}: the title above the table names the year."]
        if earlier is None:
            raise
        day, said_on = date.fromisoformat(earlier.day), date.fromisoformat(earlier.said_on)
        row = timeline.days_as_before(texts, calendar, day, said_on)
        if row is None:
            raise
        return row, [f"{name} is read as {row[0]}, by what you said of an earlier file."]


def _as_meant(
    found: dict[int, date], named: Mapping[int, str], options: Options
) -> tuple[dict[int, date], list[str]]:
    """The day of each column on which goods are expected, and what the rehearsal says of it."""
    row, texts = [*found.values()], [*named.values()]
    name = timeline.quoted(texts[0])
    if any(map(days.is_week, texts)):
        meant = (options.week_day or "friday").title()
        return found, [
            f"A week means its {meant}: choose another day if goods come on it (week day).",
        ]
    if days.are_first_days_of_months(row):
        found = {place: days.end_of_period(day, row) for place, day in found.items()}
        return found, [
            f"Columns named by first days of months hold what comes in these: {name} means "
            f"{found[min(found)]}."
        ]
    if days.are_last_days_of_months(row) or not days.are_weeks_apart(row):
        return found, []
    if options.week_day:
        found = days.on_weekday(found, named, WEEKDAYS[options.week_day])
        verb = "ends" if days.ends_a_week(texts[0]) else "begins"
        return found, [f"A week {verb} with the day that names it: {name} means {found[min(found)]}."]
    return found, [
        f"These days are weeks apart, and {name} is read as that {row[0]:%A}: if they name weeks, "
        "choose the day on which goods come (week day)."
    ]


def _passed(found: Mapping[int, date], header: Header, today: date) -> list[str]:
    passed = [header.cells[place] for place, day in sorted(found.items()) if day < today]
    if not passed:
        return []
    verb = "have" if len(passed) > 1 else "has"
    return [f"{timeline.in_words(passed)} {verb} passed: these quantities are late, and still expected."]


def _unread(spread: Spread, header: Header) -> list[str]:
    """Columns beside those of days that hold numbers, and are not understood."""
    return [
        f'"{name}" holds numbers and is not used: if goods are expected then, name it as the others.'
        for name in _neighbors(spread.means, header)
    ]


def not_understood(known: Container[int], header: Header) -> dict[int, str]:
    """The names of other columns that hold numbers, and may hold quantities for all that is known."""
    return {
        place: name
        for place, name in enumerate(header.cells)
        if name and place not in known and not _is_of_others(name) and _holds_numbers(header, place)
    }


def half_understood(spread: Spread, header: Header) -> str:
    """The name of another column of numbers that looks like those of `spread`: "Next week" beside
    "Week 3", "16/18" beside "12/14"; empty where there is none."""
    ours = [header.cells[place] for place in spread.means if spread.means[place] != days.NO_DAY]
    words, shapes = {word for name in ours for word in _words(name)}, {*map(_shape, ours)}
    for name in not_understood({*spread.means, *spread.came}, header).values():
        if _words(name) & (words | PERIODS) or _shape(name) in shapes:
            return name
    return ""


def _words(name: str) -> set[str]:
    """Its words, whatever their numbers: "W51 tentative" and "W49" have one in common."""
    return {*_shape(fold(name)).split()} - {_NUMBER}


def unnamed_after(spread: Spread, header: Header) -> list[int]:
    """The columns without a name that hold numbers after one of the others, as under a heading over two,
    or as a sum."""
    return [
        place + 1
        for place in spread.means
        if not "".join(header.cells[place + 1 : place + 2]) and _holds_numbers(header, place + 1)
    ]


def _shape(name: str) -> str:
    return re.sub(r"\d+", _NUMBER, name)


def _neighbors(means: Mapping[int, object], header: Header) -> list[str]:
    beside = {each + step for each in means for step in (-1, 1)}
    return [name for place, name in not_understood(means, header).items() if place in beside]


def _is_of_others(name: str) -> bool:
    words = fold(name).split()
    said = {*words, *(" ".join(two) for two in pairwise(words))}
    is_total = begins_a_total(name) or days.says_open(name)
    return bool(is_total or roles_of(name) or said & (OTHER_THINGS | NO_ORDERS | NO_DELIVERIES))


def _hold(means: Mapping[int, object]) -> str:
    return "hold" if len(means) > 1 else "holds"


def _dates(header: Header) -> Iterator[str]:
    """What stands in columns of dates: a part number such as 02-13-X tells nothing."""
    for place in range(len(header.cells)):
        if _share(told := _cells(header, place), looks_like_day) >= _MOST:
            yield from told


def _by_place(header: Header, at: Mapping[int, str], options: Options) -> Spread:
    alone = header.cells[next(iter(at))]
    if len(at) < _FEWEST and not _says_quantity(alone):
        place = next(iter(at.values()))
        raise NeedsAnswer(
            f'Does "{alone}" hold the quantity that comes to {place}? If so, choose quantity="{alone}" '
            f"and location={place} for all lines.",
            columns=header.cells,
        )
    spread = Spread("location", at, header.cells)
    notes = [f"{spread.words} {_hold(at)} quantities by location."]
    notes += [
        f'"{name}" holds numbers and is not used: if it is a location, name it as in your shop '
        f'(--place "{name}={next(iter(at.values()))}").'
        for name in _neighbors(at, header)
    ]
    return replace(spread, notes=tuple(notes))


def _says_quantity(name: str) -> bool:
    return days.without_neutral_words(name) not in ("", name)


def _holds_numbers(header: Header, place: int) -> bool:
    return _share(_cells(header, place), is_number) >= _MOST


def holds_numbers_or_days(header: Header, place: int) -> bool:
    """Whether most of a column's cells are such."""
    return _share(_cells(header, place), lambda cell: is_number(cell) or looks_like_day(cell)) >= _MOST


def _cells(header: Header, place: int) -> list[str]:
    return [row[place] for row in header.sample if place < len(row) and row[place].strip()]


def _share(cells: Sequence[str], is_such: Callable[[str], bool]) -> float:
    return sum(map(is_such, cells)) / len(cells) if cells else 0.0


def _spelled(name: str) -> str:
    return " ".join(name.casefold().split())
