"""Desired − shown = changes: what is worth writing, and which of it must be sent."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from app.core.desired import WAITING, Desired, ItemState, Shown, ShownItem


@dataclass(frozen=True, slots=True)
class TagChanges:
    """Tags to send, the ones that are ours afterwards, and those that we took off, now or before."""

    add: frozenset[str]
    remove: frozenset[str]
    ours: frozenset[str]
    taken: frozenset[str] = frozenset()


def is_worth_writing(want: Desired, shown: Shown, *, today: date, quiet_days: int) -> bool:
    """Whether the order must be written: its status or duty changes, or what is said of an item is true
    no more, be it short or in stock.

    Quiet rule: a date is rewritten only if it moves by `quiet_days` or more, becomes known or
    unknown, or the date shown has passed. It is for dates alone. A range that has begun goes on: its
    first day is no reason any more. What others did to our tag or block
    since is no reason here (see `app.core.foreign`).
    """
    if want.status is not shown.status:
        return True
    # Released, or nothing to say: the day of the release is said once and never moves.
    if want.status not in WAITING:
        return False
    if want.owes_notice is not shown.owes_notice:
        return True
    said = {item.item_id: item for item in shown.items}
    short = [item for item in want.items if item.short > 0]
    if {item.item_id for item in short} != said.keys():
        return True
    # None: written by a build that did not remember it; not worth a write by itself.
    if shown.in_stock is not None and want.in_stock != shown.in_stock:
        return True
    return any(_says_something_else(item, said[item.item_id], today, quiet_days) for item in short)


def _says_something_else(now: ItemState, said: ShownItem, today: date, quiet_days: int) -> bool:
    if (now.short, now.outstanding) != (said.short, said.outstanding):
        return True
    if now.expected_on is None or said.expected_on is None:
        return now.expected_on is not said.expected_on
    if _begins_elsewhere(now.early_on, said.early_on, today, quiet_days):
        return True
    if now.expected_on == said.expected_on:
        return False
    return said.expected_on < today or abs((now.expected_on - said.expected_on).days) >= quiet_days


def _begins_elsewhere(now: date | None, said: date | None, today: date, quiet_days: int) -> bool:
    if said is not None and said < today:
        return False
    if now is None or said is None:
        return now is not said
    return abs((now - said).days) >= max(1, quiet_days)


def tag_changes(want: Collection[str], shown: Shown, present: Collection[str]) -> TagChanges:
    """Which tags to add and take off, given those `present` on the order. Shopify compares tags
    without case when adding and with it when removing: a "Backordered" that a person typed is
    theirs. Only a tag that we added ourselves is ever taken off, also under a name it has no more, and
    once more if somebody put it back; that goes first, since the new name may differ in case alone."""
    # Taken off once by us: if it stands there again, some other app put back what it had read before.
    own = shown.tags | (shown.taken & frozenset(present))
    remove = (own - frozenset(want)) & frozenset(present)
    there = {tag.casefold() for tag in present if tag not in remove}
    add = frozenset(tag for tag in want if tag.casefold() not in there)
    taken = (shown.taken | remove) - frozenset(want)
    return TagChanges(add, remove, (own | add) & frozenset(want), taken)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """The order status to set (None: none), and what to remember: ours, and the one before it."""

    set_to: int | None = None
    ours: int | None = None
    before: int | None = None


def status_change(
    want: Desired, shown: Shown, *, present: int | None, waiting: int | None
) -> StatusChange:
    """Which status to give an order that has the status `present` (None: the platform lets nobody set
    one), where merchants want those that wait to have the status `waiting` (None: they don't).

    Set once, when the order begins to wait. When it waits no more the status before is restored, but
    only if ours still stands there: whoever set another meant it.
    """
    if want.status in WAITING:
        if shown.status in WAITING:
            return StatusChange(None, shown.status_id, shown.status_id_before)
        if present is None or waiting is None or present == waiting:
            return StatusChange()
        return StatusChange(waiting, waiting, present)
    if shown.status_id is not None and present == shown.status_id:
        return StatusChange(shown.status_id_before)
    return StatusChange()


def shown_after(
    want: Desired,
    ours: Collection[str],
    *,
    glue: str,
    has_block: bool,
    status: StatusChange = StatusChange(),
    block: str = "",
    taken: Collection[str] = (),
) -> Shown:
    """The record to keep once `want` has been written; `block` is the digest of the block."""
    items = tuple(
        ShownItem(
            item.item_id, item.ordered, item.outstanding, item.short, item.expected_on, item.early_on
        )
        for item in want.items
        if item.short > 0
    )
    return Shown(
        status=want.status,
        items=items,
        eta=want.eta,
        released_on=want.released_on,
        tags=frozenset(ours),
        glue=glue,
        has_block=has_block,
        status_id=status.ours,
        status_id_before=status.before,
        owes_notice=want.owes_notice,
        block=block,
        taken=frozenset(taken),
        in_stock=want.in_stock,
        has_arrived=want.has_arrived,
    )
