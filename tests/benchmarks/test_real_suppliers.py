"""How good promises are on deliveries that nobody here made: pinball loss, promises kept, and whether
the chance of being late is what it says. Measured, never passed or failed.

pip install '.[benchmark]'
pytest -m benchmark -n0 -s tests/benchmarks/test_real_suppliers.py

BACKLINE_DELIVERIES names another file with the columns of tests/data/supplier_deliveries.csv.
"""

import os
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from tests.rolling import (
    Method,
    Record,
    Said,
    deliveries_of,
    first_day_simulated,
    flights,
    half_of,
    hindsight,
    judged,
    learned,
    plain_p90,
    score,
    simulated,
    suppliers_word,
    watched,
)

pytestmark = pytest.mark.benchmark

DELIVERIES = Path(
    os.environ.get("BACKLINE_DELIVERIES", Path(__file__).parents[1] / "data" / "supplier_deliveries.csv")
)
_EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)

Shops = list[tuple[Sequence[Record], date]]


def _sets() -> Iterator[tuple[str, Shops]]:
    real, since = deliveries_of(DELIVERIES), date(2009, 1, 1)
    yield "real suppliers", [(real, since)]
    yield "real, half that was looked at", [(half_of(real, 0), since)]
    yield "real, other half", [(half_of(real, 1), since)]
    yield "simulated 0 to 11", [(simulated(seed), first_day_simulated()) for seed in range(12)]
    yield (
        "simulated 2000 to 2011",
        [(simulated(seed), first_day_simulated()) for seed in range(2000, 2012)],
    )
    yield "flights", [(flights(60), date(2013, 3, 1))]


def _said(shops: Shops, method: Method | None) -> list[Said]:
    return [
        said
        for records, since in shops
        for said in judged(records, method or hindsight(records), since=since)
    ]


def test_promises_on_real_deliveries(capsys: pytest.CaptureFixture[str]) -> None:
    methods: dict[str, Method | None] = {
        "supplier's word": suppliers_word,
        "plain P90": plain_p90,
        "P90 in hindsight": None,
        "Backline": learned,
    }
    rows = ["| set | promise | pinball | of plain | kept | promises |", "|---|---|---|---|---|---|"]
    head = ["| set | said | happened | promises |", "|---|---|---|---|"]
    chances, risks = list(head), list(head)
    for name, shops in _sets():
        told = {method: _said(shops, how) for method, how in methods.items()}
        plain = score(told["plain P90"]).pinball
        for method, said in told.items():
            it = score(said)
            rows.append(
                f"| {name} | {method} | {it.pinball:.3f} | {it.pinball / plain:.3f} "
                f"| {it.kept:.1%} | {it.count:,} |"
            )
        told_chances = [(each.chance_late, each.came > 0) for each in told["Backline"]]
        chances += _calibration(name, [(said, late) for said, late in told_chances if said is not None])
        risks += _calibration(
            name, [each for records, since in shops for each in watched(records, since=since)]
        )
    with capsys.disabled():
        print("\n" + "\n".join([*rows, "", *chances, "", *risks]))  # noqa: T201 -- its purpose
    assert len(rows) > 2


def _calibration(name: str, said: Sequence[tuple[float, bool]]) -> list[str]:
    """How often it came true, by the chance that was given to that, in tenths."""
    rows = []
    for low, high in pairwise(_EDGES):
        among = [each for each in said if low <= each[0] < high]
        if among:
            mean = sum(chance for chance, _ in among) / len(among)
            happened = sum(late for _, late in among) / len(among)
            rows.append(f"| {name} | {mean:.0%} | {happened:.0%} | {len(among):,} |")
    return rows
