"""What the platform should show of an order, judged from all its lines together."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from app.core.endings import SERVED, Ending
from app.core.kinds import Kind


class Status(StrEnum):
    """The state of an order as its tag and metafield say it; `NONE` leaves no trace."""

    NONE = "none"
    PREORDER = "preorder"
    BACKORDERED = "backordered"
    REVIEW = "review"
    """Short of something that never comes again: a person must decide."""
    RELEASED = "released"


class NoticeTag(StrEnum):
    """What a waiting order obliges to, said by a tag beside that of its status."""

    DELAY_NOTICE = "delay notice due"


TAGS: Mapping[Status | NoticeTag, frozenset[str]] = {
    Status.NONE: frozenset[str](),
    Status.PREORDER: frozenset({"preorder"}),
    Status.BACKORDERED: frozenset({"backordered"}),
    Status.REVIEW: frozenset({"backorder-review"}),
    Status.RELEASED: frozenset({"backorder-released"}),
    NoticeTag.DELAY_NOTICE: frozenset({"backorder-delay-notice-due"}),
}
# An order shows one of these while any of its units is short. The first that any item asks for counts:
# who must decide about a discontinued item must not overlook it for another that is merely late, and an
# order of a preorder and a backorder waits for stock that is owed already.
_WAITING = (Status.REVIEW, Status.BACKORDERED, Status.PREORDER)
WAITING = frozenset(_WAITING)
OUR_TAGS = frozenset().union(*TAGS.values())


def rename_tags(names: Mapping[str, str]) -> dict[Status | NoticeTag, frozenset[str]]:
    """The tags of each status and duty where the merchant gave some of ours another name."""
    return {said: frozenset(names.get(tag, tag) for tag in tags) for said, tags in TAGS.items()}


@dataclass(frozen=True, slots=True)
class ItemState:
    """One item of an order, all its locations taken together.

    `ordered` units still belong to the order, `outstanding` of them are not shipped, `short` of
    those have no unit on hand; `expected_on` is when the last of them is expected, None if unknown;
    `early_on` the day by which half of all such cases come, where that is told too.
    `is_counted`: the platform counts stock of it; else nobody can say whether there is any. `ended` is
    how its waiting ended, if it has and that was not told yet.
    """

    item_id: int
    title: str
    sku: str
    ordered: int
    outstanding: int
    short: int = 0
    expected_on: date | None = None
    kind: str = Kind.BACKORDER
    is_counted: bool = True
    ended: Ending | None = None
    early_on: date | None = None

    @property
    def asks_for(self) -> Status:
        """What a short item makes of its order. Of a discontinued one, units may still be coming."""
        if self.kind == Kind.DISCONTINUED and self.expected_on is None:
            return Status.REVIEW
        return Status.PREORDER if self.kind == Kind.PREORDER else Status.BACKORDERED


@dataclass(frozen=True, slots=True)
class OrderState:
    """One order as the books have it now. A deleted order is a cancelled one without items.
    `owes_notice`: the buyer must be told of the delay, and the merchant wants a tag that says so.
    `shows_nothing`: the merchant wants nothing of ours to stand on it any more."""

    order_id: int
    is_cancelled: bool
    items: Sequence[ItemState]
    owes_notice: bool = False
    shows_nothing: bool = False


@dataclass(frozen=True, slots=True)
class ShownItem:
    """What we last said of one short item; `early_on` where its day was told as a range."""

    item_id: int
    ordered: int
    outstanding: int
    short: int
    expected_on: date | None
    early_on: date | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the order shows by our own doing: our record, not a guess from its text.

    `tags` are those we added ourselves; a tag of the same name that a merchant had put before is
    theirs; `taken` are those that we added and took off again. `glue` and `block`, the digest of what
    we wrote, belong to the note block (see `app.core.note`). `in_stock` are the items that the block
    calls so, with their units (None: written before that was kept). `has_arrived`: a released order says
    that stock has arrived, not only that it is in stock. `status_id` is the order status
    that we set, by the merchant's wish, and `status_id_before` the one that stood there.
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
    owes_notice: bool = False
    block: str = ""
    taken: frozenset[str] = frozenset()
    in_stock: tuple[tuple[int, int], ...] | None = None
    has_arrived: bool = True


@dataclass(frozen=True, slots=True)
class Desired:
    """What the order should show. `eta` is the day its last short unit is expected; None while it
    waits means that nobody knows. `has_arrived`: it is released because stock has surely arrived."""

    status: Status
    items: tuple[ItemState, ...] = ()
    eta: date | None = None
    released_on: date | None = None
    tags: frozenset[str] = field(default=frozenset())
    owes_notice: bool = False
    has_arrived: bool = True

    @property
    def early(self) -> date | None:
        """The day by which half of all such orders are complete; None where no range is told."""
        short = [item for item in self.items if item.short > 0]
        days = [item.early_on or item.expected_on for item in short]
        known = [day for day in days if day is not None]
        return max(known) if known and len(known) == len(short) else None

    @property
    def in_stock(self) -> tuple[tuple[int, int], ...]:
        """The items of which nothing is short, with the units that are still to be shipped. Of what is
        not counted nobody knows whether it is in stock."""
        return tuple(
            sorted(
                (item.item_id, item.outstanding)
                for item in self.items
                if item.short == 0 and item.outstanding > 0 and item.is_counted
            )
        )


def desired(
    order: OrderState,
    shown: Shown,
    *,
    today: date,
    tags: Mapping[Status | NoticeTag, frozenset[str]] = TAGS,
) -> Desired:
    """Judge an order. While any item is short it waits, by the kinds of those that are; it is released
    once one that was is in stock; and shows nothing when it was cancelled, or when what it waited
    for was taken out of it, shipped all the same, or is counted no more: nobody may be told then that
    stock has come. Nor does it show anything where the merchant wants it so.
    `tags` are those that each status and duty puts, where the merchant calls them otherwise."""
    if order.is_cancelled or order.shows_nothing:
        return Desired(Status.NONE)
    short = [item for item in order.items if item.short > 0]
    if short:
        dates = [item.expected_on for item in short if item.expected_on is not None]
        eta = max(dates) if len(dates) == len(short) else None
        asked = {item.asks_for for item in short}
        status = next(status for status in _WAITING if status in asked)
        said = tags[status] | (tags[NoticeTag.DELAY_NOTICE] if order.owes_notice else frozenset())
        return Desired(status, tuple(order.items), eta, None, said, order.owes_notice)
    if shown.status is Status.RELEASED:
        return _released(shown.released_on, shown.eta, tags, has_arrived=shown.has_arrived)
    served = endings_of(order, shown) & SERVED
    if shown.status in WAITING and served:
        return _released(today, today, tags, has_arrived=served == {Ending.STOCK})
    return Desired(Status.NONE)


def _released(
    on: date | None,
    eta: date | None,
    tags: Mapping[Status | NoticeTag, frozenset[str]],
    *,
    has_arrived: bool,
) -> Desired:
    return Desired(Status.RELEASED, (), eta, on, tags[Status.RELEASED], has_arrived=has_arrived)


def endings_of(order: OrderState, shown: Shown) -> frozenset[Ending]:
    """Why the items that the order was said to wait for are short no more."""
    now = {item.item_id: item for item in order.items}
    return frozenset(ending_of(was, now.get(was.item_id)) for was in shown.items)


def ending_of(was: ShownItem, now: ItemState | None) -> Ending:
    """Why an item of which `was` had been said is not short of as much any more; `now` is None where the
    order does not name it any more.

    It was served if units that were short are still to be shipped and are short no more; whether by
    stock that arrived the readings tell. Of what the platform does not count nothing can have come.
    """
    if now is None:
        return Ending.LEFT
    if not now.is_counted:
        return Ending.UNCOUNTED
    if still_to_ship(was, ordered=now.ordered, outstanding=now.outstanding) > now.short:
        return now.ended if now.ended in SERVED | {Ending.LEFT} else Ending.FREED
    gone = was.outstanding - now.outstanding
    return Ending.SHIPPED if gone > was.ordered - now.ordered else Ending.LEFT


def still_to_ship(was: ShownItem, *, ordered: int, outstanding: int) -> int:
    """How many of the units that were short are still to be shipped, now that so many are `ordered` and
    `outstanding`. Units taken out of an order are its short ones first, those shipped its covered ones:
    what was on the shelf can be sent, and what was not is what buyers give up."""
    gone = max(0, was.outstanding - outstanding)
    taken_out = min(gone, max(0, was.ordered - ordered))
    shipped_short = max(0, gone - taken_out - (was.outstanding - was.short))
    return min(outstanding, max(0, was.short - taken_out - shipped_short))


def says_what_is_unsure(order: OrderState, shown: Shown, unsure: Container[int]) -> bool:
    """Whether the order would be said to wait for more or fewer units of an `unsure` item than it shows,
    or to wait for nothing while any of its items is unsure. A statement that stood while figures could
    not tell is not replaced by one that they can't tell of either: nobody could say afterwards whether
    stock came for it.

    What a surely short item makes of the order is not held up by another that shows nothing yet."""
    doubtful = [item for item in order.items if item.item_id in unsure]
    if order.is_cancelled or order.shows_nothing or not doubtful:
        return False
    if shown.status in WAITING and not any(item.short for item in order.items):
        return True
    said = {item.item_id: (item.short, item.outstanding) for item in shown.items}
    return any(
        (item.short, item.outstanding) != said.get(item.item_id, (0, item.outstanding))
        for item in doubtful
    )
