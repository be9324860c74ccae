"""The columns of the list of orders: what each shows in the file, and which are shown unless others are
chosen. The page draws them (orders_list.html)."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.db.pages.orders import ListedOrder, ShortLine
from app.web.pages.formatting import Words
from app.web.pages.states import badges

Cells = Callable[[ListedOrder, ShortLine | None, Words], Sequence[str]]


@dataclass(frozen=True)
class Column:
    """`title` on the page; `heads` and `cells` in the file, which has a line for each order, or where
    items are shown, for each item that the order waits for (None: the order as a whole).

    What belongs to the order and is summed (`is_sum`) stands on the first of its lines alone, so that a
    spreadsheet's sum of it is the list's.
    """

    title: str
    heads: Sequence[str]
    cells: Cells
    is_usual: bool = True
    is_of_tags: bool = False
    is_sum: bool = False


def _state(row: ListedOrder, _line: ShortLine | None, _say: Words) -> Sequence[str]:
    shown = badges(row.states, is_cancelled=row.order.is_cancelled)
    return (", ".join(one.badge or one.name for one in shown),)


def _units(row: ListedOrder, line: ShortLine | None, _say: Words) -> Sequence[str]:
    return (str(line.short if line else row.order.short),)


def _expected(row: ListedOrder, _line: ShortLine | None, _say: Words) -> Sequence[str]:
    order = row.order
    return (order.expected_on.isoformat() if order.short and order.expected_on else "",)


def _since(row: ListedOrder, _line: ShortLine | None, say: Words) -> Sequence[str]:
    order = row.order
    return (_moment(order.short_since, say) if order.short and order.short_since else "",)


def _risk(row: ListedOrder, _line: ShortLine | None, _say: Words) -> Sequence[str]:
    late = row.order.late_percent
    return ("" if late is None else str(late),)


def _value(row: ListedOrder, _line: ShortLine | None, _say: Words) -> Sequence[str]:
    value = row.order.short_value if row.order.short else None
    return ("" if value is None else str(Decimal(value) / 10_000),)


def _moment(moment: datetime, say: Words) -> str:
    return moment.astimezone(say.zone).isoformat(timespec="seconds")


COLUMNS: Mapping[str, Column] = {
    "state": Column("State", ("state",), _state),
    "item": Column(
        "Waiting for",
        ("item", "sku"),
        lambda _row, line, _say: (line.title, line.sku) if line else ("", ""),
    ),
    "units": Column("Backordered", ("units backordered",), _units),
    "expected": Column("Expected", ("expected",), _expected),
    "since": Column("Waiting since", ("waiting since",), _since),
    "placed": Column("Placed", ("placed",), lambda row, _, say: (_moment(row.order.placed_at, say),)),
    "risk": Column("Likely to be late", ("likely to be late (%)",), _risk, is_usual=False),
    "value": Column("Value", ("value backordered",), _value, is_usual=False, is_sum=True),
    "priority": Column(
        "Priority", ("priority",), lambda row, *_: (str(row.order.priority),), is_usual=False
    ),
    "tags": Column(
        "Tags",
        ("tags",),
        lambda row, *_: (", ".join(row.order.tags.split("\n")[1:-1]),),
        is_usual=False,
        is_of_tags=True,
    ),
}
USUAL = tuple(name for name, one in COLUMNS.items() if one.is_usual)


def read_columns(named: Collection[str]) -> tuple[str, ...]:
    """The columns of these names, in the list's own order; the usual ones where none is known."""
    return tuple(name for name in COLUMNS if name in named) or USUAL


def written(rows: Iterator[ListedOrder], columns: Sequence[str], say: Words) -> Iterator[Sequence[str]]:
    """The list as lines of a file: the heads, then what is shown of each order."""
    chosen = [COLUMNS[name] for name in columns]
    yield ("order", *(head for one in chosen for head in one.heads))
    for row in rows:
        lines: Sequence[ShortLine | None] = (row.lines if "item" in columns else ()) or (None,)
        for line in lines:
            is_first = line is lines[0]
            shown = [
                one.cells(row, line, say) if is_first or not one.is_sum else ("",) for one in chosen
            ]
            yield (row.order.name, *(cell for cells in shown for cell in cells))
