"""What the platform should show of an order, judged from all its lines together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Status(StrEnum):
    """The state of an order as its tag and metafield say it; `NONE` leaves no trace."""

    NONE = "none"
    BACKORDERED = "backordered"
    RELEASED = "released"


TAGS = {
    Status.NONE: frozenset[str](),
    Status.BACKORDERED: frozenset({"backordered"}),
    Status.RELEASED: frozenset({"backorder-released"}),
}
OUR_TAGS = frozenset().union(*TAGS.values())


def rename_tags(names: Mapping[str, str]) -> dict[Status, frozenset[str]]:
    """The tags of each status where the merchant gave some of ours another name."""
    return {status: frozenset(names.get(tag, tag) for tag in tags) for status, tags in TAGS.items()}


@dataclass(frozen=True, slots=True)
class ItemState:
    """One item of an order, all its locations taken together.

    `ordered` units still belong to the order, `outstanding` of them are not shipped, `short` of
    those have no unit on hand; `expected_on` is when the last of them is expected, None if unknown.
    """

    item_id: int
    title: str
    sku: str
    ordered: int
    outstanding: int
    short: int = 0
    expected_on: date | None = None


@dataclass(frozen=True, slots=True)
class OrderState:
    """One order as the books have it now. A deleted order is a cancelled one without items."""

    order_id: int
    is_cancelled: bool
    items: Sequence[ItemState]


@dataclass(frozen=True, slots=True)
class ShownItem:
    """What we last said of one short item."""

    item_id: int
    ordered: int
    outstanding: int
    short: int
    expected_on: date | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the order shows by our own doing: our record, not a guess from its text.

    `tags` are those we added ourselves; a tag of the same name that a merchant had put before is
    theirs. `glue` belongs to the note block (see `app.core.note`). `status_id` is the order status that
    we set, by the merchant's wish, and `status_id_before` the one that stood there.
    """

    status: Status = Status.NONE
    items: tuple[ShownItem, ...] = ()
    eta: date | None = None
    released_on: date | None = None
    tags: frozenset[str] = frozenset()
    glue: str = ""
    has_block: bool = False
    status_id: int | None = None
    status_id_before: int | None = None


@dataclass(frozen=True, slots=True)
class Desired:
    """What the order should show. `eta` is the day its last short unit is expected; None with a
    status of `BACKORDERED` means that nobody knows."""

    status: Status
    items: tuple[ItemState, ...] = ()
    eta: date | None = None
    released_on: date | None = None
    tags: frozenset[str] = field(default=frozenset())


def desired(
    order: OrderState, shown: Shown, *, today: date, tags: Mapping[Status, frozenset[str]] = TAGS
) -> Desired:
    """Judge an order. It is backordered while any item is short; released once stock has come for
    one that was; and shows nothing when it was cancelled or its short units were taken out of it.
    `tags` are those that each status puts, where the merchant calls them otherwise."""
    if order.is_cancelled:
        return Desired(Status.NONE)
    short = [item for item in order.items if item.short > 0]
    if short:
        dates = [item.expected_on for item in short if item.expected_on is not None]
        eta = max(dates) if len(dates) == len(short) else None
        return Desired(Status.BACKORDERED, tuple(order.items), eta, None, tags[Status.BACKORDERED])
    if shown.status is Status.RELEASED:
        return Desired(Status.RELEASED, (), shown.eta, shown.released_on, tags[Status.RELEASED])
    if shown.status is Status.BACKORDERED and _was_served(order, shown):
        return Desired(Status.RELEASED, (), today, today, tags[Status.RELEASED])
    return Desired(Status.NONE)


def _was_served(order: OrderState, shown: Shown) -> bool:
    """Whether stock came for at least one unit that we called short: fewer units were taken out of
    the order than were short, so the rest must have been served."""
    ordered = {item.item_id: item.ordered for item in order.items}
    return any(was.short > max(0, was.ordered - ordered.get(was.item_id, 0)) for was in shown.items)
