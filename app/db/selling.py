"""How items are sold that are out of stock: what we changed, and which items are to be looked at."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.selling import SellingPolicy, SellingRule
from app.core.takeback import CHANGED, Kept, SettingState, Value
from app.db.audit import record_event
from app.db.models import PoolRow, PromiseRow, SellingCheckRow, SellingRow, Shop, StockItem, Variant
from app.db.statements import put_rows


class SettingKey(NamedTuple):
    """Which setting of what is sold."""

    item_id: int
    target_id: int
    name: str


class DueCheck(NamedTuple):
    """An item to be looked at, since when, how often in a row that was refused, and why."""

    item_id: int
    due_at: datetime
    attempts: int
    problem: str | None = None


def rule_of(shop: Shop) -> SellingRule:
    """What the merchant allows."""
    policy = SellingPolicy.OFF if shop.gives_back else SellingPolicy(shop.selling)
    return SellingRule(policy, shop.longest_wait_days, shop.most_ahead, shop.keeps_restocks)


def for_item(rule: SellingRule, item: StockItem) -> SellingRule:
    """The rule with what was said of the item itself."""
    if item.sells_freely:
        return rule._replace(policy=SellingPolicy.OFF)
    return rule if item.most_ahead is None else rule._replace(most_ahead=item.most_ahead)


def ask_for_checks(session: Session, shop_id: int, item_ids: Iterable[int], *, at: datetime) -> None:
    """See how these items are sold, by then. How often that was refused is not forgotten."""
    _ask(session, shop_id, dict.fromkeys(item_ids, at))


def _ask(session: Session, shop_id: int, due: Mapping[int, datetime]) -> None:
    """By item. Rows are written in one order, so that two workers do not wait for each other."""
    rows = [
        {"shop_id": shop_id, "item_id": one, "due_at": due[one], "attempts": 0} for one in sorted(due)
    ]
    put_rows(session, SellingCheckRow, rows, overwrite=("due_at",))


def ask_for_check_of(session: Session, shop: Shop, item_id: int, *, now: datetime) -> None:
    """The item was settled: it may have to be sold otherwise, or as before."""
    if shop.selling != SellingPolicy.OFF:
        ask_for_checks(session, shop.id, [item_id], at=now)


def ask_for_checks_of_all(session: Session, shop: Shop, now: datetime, *, with_new: bool = True) -> None:
    """The merchant wants something else, is back, or an hour has passed: look at whatever we changed
    and, where it may have to be, whatever is out of stock (`with_new`: and may be changed)."""
    may_be_new = with_new and rule_of(shop).policy is not SellingPolicy.OFF
    out_of_stock = items_out_of_stock(session, shop) if may_be_new else ()
    ids = in_turn(session, shop.id, out_of_stock)
    # The order in which they are due is the one in which they are asked for.
    moments = [now - timedelta(microseconds=len(ids) - place) for place in range(len(ids))]
    _ask(session, shop.id, dict(zip(ids, moments, strict=True)))


def items_out_of_stock(session: Session, shop: Shop) -> set[int]:
    """Items of which nothing is left for the next buyer, or for which somebody waits. Where each
    location sells by its own settings, nothing left at one of them is enough."""
    # Whoever only keeps rows need not load what platforms are reached with.
    from app.platforms.registry import PLATFORMS  # noqa: PLC0415 -- as said

    by_location = PLATFORMS[shop.platform].traits.sells_by_location
    left = (
        sa.select(PoolRow.item_id)
        .where(PoolRow.shop_id == shop.id)
        .group_by(PoolRow.item_id)
        .having((sa.func.min if by_location else sa.func.sum)(PoolRow.available) <= 0)
    )
    queues = sa.select(StockItem.item_id).where(StockItem.shop_id == shop.id, StockItem.has_queue)
    return {*session.scalars(left), *session.scalars(queues)}


def in_turn(session: Session, shop_id: int, out_of_stock: Collection[int]) -> list[int]:
    """What we changed or keep away from, then what is out of stock, what most units are short of first:
    where the shop's limit does not let us change all, those are."""
    kept = _items_kept(session, shop_id)
    new = set(out_of_stock) - kept
    short = sa.func.sum(PromiseRow.short)
    statement = (
        sa.select(PromiseRow.item_id)
        .where(PromiseRow.shop_id == shop_id)
        .group_by(PromiseRow.item_id)
        .order_by(short.desc(), PromiseRow.item_id)
    )
    waited_for = [one for one in session.scalars(statement) if one in new] if new else []
    return [*sorted(kept), *waited_for, *sorted(new.difference(waited_for))]


def _items_kept(session: Session, shop_id: int) -> set[int]:
    return set(session.scalars(sa.select(SellingRow.item_id).where(SellingRow.shop_id == shop_id)))


def due_checks(session: Session, shop_id: int, *, now: datetime, limit: int) -> list[DueCheck]:
    """The items whose time has come; those that were looked at in vain last."""
    where = (SellingCheckRow.shop_id == shop_id, SellingCheckRow.due_at <= now)
    by_time = (SellingCheckRow.attempts, SellingCheckRow.due_at, SellingCheckRow.item_id)
    rows = session.scalars(sa.select(SellingCheckRow).where(*where).order_by(*by_time).limit(limit))
    return [DueCheck(row.item_id, row.due_at, row.attempts, row.problem) for row in rows]


def done(session: Session, shop_id: int, check: DueCheck) -> None:
    """The item is sold as it should be, unless it was asked for again meanwhile."""
    mine = (SellingCheckRow.shop_id == shop_id, SellingCheckRow.item_id == check.item_id)
    session.execute(sa.delete(SellingCheckRow).where(*mine, SellingCheckRow.due_at <= check.due_at))


def postpone(session: Session, shop_id: int, check: DueCheck, *, until: datetime) -> None:
    """The item can't be looked at before then."""
    mine = (SellingCheckRow.shop_id == shop_id, SellingCheckRow.item_id == check.item_id)
    session.execute(sa.update(SellingCheckRow).where(*mine).values(due_at=until))


def refused(
    session: Session,
    shop_id: int,
    check: DueCheck,
    *,
    why: str | None,
    failures: int,
    again_at: datetime,
) -> None:
    """The platform refused it, or failed, so often in a row: it is tried again then, or sooner if it was
    asked for meanwhile."""
    row = SellingCheckRow
    mine = (row.shop_id == shop_id, row.item_id == check.item_id)
    due_at = sa.case((row.due_at <= check.due_at, again_at), else_=row.due_at)
    told = {"due_at": due_at, "attempts": failures, "problem": why}
    session.execute(sa.update(row).where(*mine).values(told))


def refusals(session: Session, shop_id: int) -> dict[int, str]:
    """What the platform refuses, by item: its words of last time."""
    where = (SellingCheckRow.shop_id == shop_id, SellingCheckRow.problem.is_not(None))
    rows = session.scalars(sa.select(SellingCheckRow).where(*where).order_by(SellingCheckRow.item_id))
    return {row.item_id: row.problem or "" for row in rows}


def variants_of(session: Session, shop_id: int, item_ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The variants that sell these items, as far as orders named them."""
    where = (Variant.shop_id == shop_id, Variant.item_id.in_(item_ids))
    rows = session.scalars(sa.select(Variant).where(*where).order_by(Variant.variant_id)).all()
    return {one: tuple(row.variant_id for row in rows if row.item_id == one) for one in item_ids}


# What we changed


def rows_of(session: Session, shop_id: int, item_ids: Collection[int]) -> dict[SettingKey, SellingRow]:
    """What we changed of these items, and what we keep away from since others changed it."""
    where = (SellingRow.shop_id == shop_id, SellingRow.item_id.in_(item_ids))
    rows = session.scalars(sa.select(SellingRow).where(*where).order_by(SellingRow.target_id))
    return {SettingKey(row.item_id, row.target_id, row.name): row for row in rows}


def last_written(session: Session, shop_id: int, item_ids: Collection[int]) -> dict[int, datetime]:
    """When a setting of these items was last sent, by item."""
    where = (SellingRow.shop_id == shop_id, SellingRow.item_id.in_(item_ids))
    latest = sa.select(SellingRow.item_id, sa.func.max(SellingRow.written_at))
    rows = session.execute(latest.where(*where).group_by(SellingRow.item_id))
    return {item_id: moment for item_id, moment in rows if moment is not None}


def changed_items(session: Session, shop_id: int) -> set[int]:
    """Items of which the platform may have a setting of ours."""
    where = (SellingRow.shop_id == shop_id, SellingRow.state.in_(CHANGED))
    return set(session.scalars(sa.select(SellingRow.item_id).where(*where)))


def changed_rows(session: Session, shop_id: int) -> Sequence[SellingRow]:
    """Of what the platform may have a value of ours, item by item."""
    where = (SellingRow.shop_id == shop_id, SellingRow.state.in_(CHANGED))
    by_item = (SellingRow.item_id, SellingRow.target_id, SellingRow.name)
    return session.scalars(sa.select(SellingRow).where(*where).order_by(*by_item)).all()


def items_taken_on(session: Session, shop_id: int) -> set[int]:
    """Those of them that count for the shop's limit: a first change that is refused does not."""
    stands = sa.and_(SellingRow.state.in_(CHANGED), SellingRow.state != SettingState.SETTING)
    sent = sa.and_(
        SellingRow.state == SettingState.SETTING, SellingRow.item_id.not_in(refusals(session, shop_id))
    )
    where = (SellingRow.shop_id == shop_id, sa.or_(stands, sent))
    return set(session.scalars(sa.select(SellingRow.item_id).where(*where)))


def kept(row: SellingRow) -> Kept:
    """What is kept of a setting."""
    return Kept(row.before, row.ours, row.was, SettingState(row.state))


def intend(
    session: Session,
    shop_id: int,
    key: SettingKey,
    value: Value,
    *,
    was: Value,
    why: str,
    now: datetime,
) -> None:
    """Keep, before it is sent, that a setting which is at `was` is about to get a value of ours."""
    row = session.get(SellingRow, (shop_id, *key))
    if row is None:
        row = SellingRow(shop_id=shop_id, **key._asdict(), before=was, since=now)
        session.add(row)
    row.was, row.ours, row.why, row.state = was, value, why, SettingState.SETTING
    row.written_at = now


def intend_to_restore(
    session: Session, shop_id: int, key: SettingKey, *, was: Value, now: datetime
) -> None:
    """Keep, before it is sent, that a setting is about to be given back."""
    row = session.get_one(SellingRow, (shop_id, *key))
    row.was, row.state, row.written_at = was, SettingState.RESTORING, now


def mark_written(session: Session, shop_id: int, item_ids: Collection[int], *, now: datetime) -> None:
    """What is about to be written, or given back, of these items may have been sent until now."""
    open_ones = (SettingState.SETTING, SettingState.RESTORING)
    where = (SellingRow.shop_id == shop_id, SellingRow.item_id.in_(item_ids))
    is_open = SellingRow.state.in_(open_ones)
    session.execute(sa.update(SellingRow).where(*where, is_open).values(written_at=now))


def confirm(session: Session, shop_id: int, key: SettingKey, *, value: Value) -> None:
    """Our value stands."""
    row = session.get_one(SellingRow, (shop_id, *key))
    row.ours, row.state = value, SettingState.SET


def leave(session: Session, shop_id: int, key: SettingKey) -> None:
    """Somebody else changed it: it is theirs."""
    session.get_one(SellingRow, (shop_id, *key)).state = SettingState.LEFT


def forget(session: Session, shop_id: int, key: SettingKey) -> None:
    """Nothing of ours is there any more."""
    row = session.get(SellingRow, (shop_id, *key))
    if row is not None:
        session.delete(row)


def shown(session: Session, shop_id: int, item_id: int) -> Sequence[SellingRow]:
    """What the item's page tells of it."""
    return list(rows_of(session, shop_id, [item_id]).values())


def change_item(
    session: Session,
    item: StockItem,
    *,
    most_ahead: int | None,
    sells_freely: bool,
    by: str,
    now: datetime,
) -> None:
    """Say of one item how many units of it may wait at once, or that its selling is left alone."""
    before = _said_of(item)
    item.most_ahead, item.sells_freely = most_ahead, sells_freely
    if _said_of(item) == before:
        return
    record_event(
        session,
        item.shop_id,
        "item changed",
        at=now,
        item_id=item.item_id,
        before=before,
        after=_said_of(item),
        why=f"by {by}",
    )
    ask_for_checks(session, item.shop_id, [item.item_id], at=now)


def _said_of(item: StockItem) -> str:
    if item.sells_freely:
        return "selling is left alone"
    return (
        "sold as the shop has it" if item.most_ahead is None else f"{item.most_ahead} may wait at once"
    )
