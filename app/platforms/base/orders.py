"""Orders as they are read and written."""

from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from app.platforms.base.facts import OrderSeen
from app.platforms.base.stock import ItemStock


class OrderAsk(msgspec.Struct, frozen=True):
    """Which order to read, and how large we expect it to be, so that a batch asks for no more.

    `item_count` is the number of line items we know (0: unknown), `route_count` that of its routed
    parts (0: unknown). The answer is complete however wrong the guess.
    """

    order_id: int
    item_count: int = 0
    route_count: int = 0


class OrderNow(msgspec.Struct, frozen=True):
    """An order immediately before it is written: its state, and what it shows. `status_id` is the
    order status where the platform lets an app set one."""

    order: OrderSeen
    note: str
    tags: tuple[str, ...]
    status_id: int | None = None


class PreWriteRead(msgspec.Struct, frozen=True):
    """One reading of the orders about to be written and of the stock that decided about them.
    Orders that no longer exist are missing from `orders`."""

    orders: tuple[OrderNow, ...]
    stock: tuple[ItemStock, ...]


class OrderChange(msgspec.Struct, frozen=True):
    """Everything to write on one order. An empty field is left as it is; `note` is the whole new
    text, `metafields` maps our keys to new values, `remove_metafields` lists keys to delete,
    `status_id` is the order status to set."""

    order_id: int
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    note: str | None = None
    metafields: Mapping[str, str | date] = {}
    remove_metafields: tuple[str, ...] = ()
    status_id: int | None = None


class WriteResult(msgspec.Struct, frozen=True):
    """What became of one order's change; `error` is the platform's refusal in words, None if done."""

    order_id: int
    error: str | None = None


class OrderMarks(msgspec.Struct, frozen=True):
    """What one order carries now of what we and others write on it: the digest of our blocks in its
    note (see `app.core.note`; never the note), and its tags."""

    order_id: int
    blocks: str
    tags: frozenset[str]


class ChangedOrders(msgspec.Struct, frozen=True):
    """Which orders changed since a moment, oldest change first: when each last did, by id.

    `seen_until` is where to ask from next time; `is_complete` is False if more changed than one
    answer holds. `orders` are whole copies of them, where the platform's list tells as much: those
    need not be read again. `untouched` are those of which the list tells that nothing was shipped,
    cancelled or edited since they were placed, with the units that they have now: a copy that says the
    same is right, whatever second it is of. `marks` are what stood on the orders when the list was
    read, where it tells that and no whole copies: webhooks of one second do not tell which of them is
    the last.
    """

    updated_at: Mapping[int, datetime]
    seen_until: datetime
    is_complete: bool
    orders: tuple[OrderSeen, ...] = ()
    untouched: Mapping[int, int] = {}
    marks: tuple[OrderMarks, ...] = ()


class ImportPage(msgspec.Struct, frozen=True):
    """One step of the initial import. `cursor` is what to pass to the next step (None: finished),
    `total` the number of open orders expected. An empty page with a cursor means: still being
    prepared, come back in `retry_after_s`."""

    orders: tuple[OrderSeen, ...]
    cursor: str | None
    total: int
    retry_after_s: float = 0


class OrderGlance(msgspec.Struct, frozen=True):
    """The least that can be read of an order: its marks and when it last changed. `untouched_units` are
    those it has, where nothing of it was shipped, cancelled or edited since it was placed; else None."""

    now: OrderNow
    untouched_units: int | None


class Glance(msgspec.Struct, frozen=True):
    """Orders and stock as they are at one moment, of the orders the marks alone. Orders that no longer
    exist are missing."""

    orders: tuple[OrderGlance, ...] = ()
    stock: tuple[ItemStock, ...] = ()


class BulkPart(msgspec.Struct, frozen=True):
    """One operation that the platform has begun, over these orders in this order; where it refused to
    begin, `operation_id` is None and `problem` says why."""

    operation_id: int | None
    order_ids: tuple[int, ...]
    problem: str = ""


class BulkState(msgspec.Struct, frozen=True):
    """How far an operation is: `is_over` whatever became of it, `is_done` if all of its lines were
    run."""

    is_over: bool
    is_done: bool
