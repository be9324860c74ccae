"""Selling on, by the merchant's wish: while orders wait, nothing is sold that no delivery covers.

Comes after an item was settled. Gather what there is of it and what comes, decide how far it may be sold
on, read how it is sold, and change that, or give it back as it was. What somebody else set meanwhile is
theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import msgspec
from sqlalchemy.orm import Session

from app.core.promise import still_expected
from app.core.selling import (
    Coming,
    Outlook,
    SellingPoint,
    SellingPolicy,
    SellingRule,
    decide_selling,
    is_bounded,
    reserve_of,
)
from app.core.takeback import Act, SettingState, is_changed_by_others, without_writing
from app.db import audit, items, selling, shops
from app.db.models import SellingRow, Shop, StockItem
from app.db.selling import DueCheck
from app.pipeline import selling_asks
from app.pipeline.context import ShopContext
from app.pipeline.selling_asks import SellingAnswer
from app.pipeline.selling_permission import may_write
from app.pipeline.selling_refusals import conclude, putting_off
from app.pipeline.selling_steps import Prospect, Step, in_words, items_beyond, key_of, steps_of
from app.pipeline.whatif import Standing, standing_of
from app.platforms.base import Seller, SellingChange, SoldItem, Traits
from app.platforms.registry import PLATFORMS

_ITEMS_AT_ONCE = 20

STOPPED, RESTORED, LEFT = "selling stopped", "selling restored", "selling left"


def keep_selling(context: ShopContext) -> bool:
    """Have the next due items sold as they should be. Returns whether there were any."""
    traits = context.platform.traits
    with context.transaction() as session:
        shop, now = shops.get_shop(session, context.shop_id), context.clock()
        due = _due_at_once(session, shop, now)
        ripe = _that_show_our_writes(session, shop.id, due, traits, now)
        prospects = prospects_of(session, shop, ripe, selling.rule_of(shop), now=now)
        touched = {
            key.item_id for key in selling.rows_of(session, shop.id, [one.item_id for one in ripe])
        }
        # Where no more items may be changed new ones need not be read, however many there are.
        taken_on = selling.items_taken_on(session, shop.id)
        has_room = may_write(shop) and len(taken_on) < shop.most_stopped_items
        busy = [
            one
            for one in prospects
            if one.check.item_id in touched or (has_room and _is_bounded(one, traits))
        ]
        for one in prospects:
            if one not in busy:
                selling.done(session, shop.id, one.check)
    seller = context.platform.seller
    if seller is not None and busy:
        with putting_off(context, [one.check for one in busy]):
            _bring_about(context, seller, busy)
    return bool(due)


def _due_at_once(session: Session, shop: Shop, now: datetime) -> list[DueCheck]:
    """The items to look at now: those that failed as often as the first, and half as many each time. One
    of them may be what the platform fails at, and keeps the others from being done no longer."""
    due = selling.due_checks(session, shop.id, now=now, limit=_ITEMS_AT_ONCE)
    if not due or not may_write(shop):
        return due
    alike = [one for one in due if one.attempts == due[0].attempts]
    return alike[: max(1, _ITEMS_AT_ONCE >> due[0].attempts)]


def _is_bounded(prospect: Prospect, traits: Traits) -> bool:
    return any(is_bounded(traits.selling_settings, place) for place in prospect.places.values())


def _that_show_our_writes(
    session: Session, shop_id: int, due: Sequence[DueCheck], traits: Traits, now: datetime
) -> list[DueCheck]:
    """Where readings lag, what we wrote a moment ago may not show yet: that is nobody else's change.
    Such items are looked at later."""
    lag = timedelta(seconds=traits.stock_lag_s)
    written = selling.last_written(session, shop_id, [one.item_id for one in due]) if lag else {}
    ripe = []
    for check in due:
        shows_at = written[check.item_id] + lag if check.item_id in written else now
        if shows_at > now:
            selling.postpone(session, shop_id, check, until=shows_at)
        else:
            ripe.append(check)
    return ripe


def prospects_of(
    session: Session, shop: Shop, due: Sequence[DueCheck], rule: SellingRule, *, now: datetime
) -> list[Prospect]:
    """What is recorded of these items, and how far they may be sold on by a rule."""
    ids = [check.item_id for check in due]
    variants, kept = selling.variants_of(session, shop.id, ids), selling.rows_of(session, shop.id, ids)
    found = []
    for check in due:
        item = items.find_item(session, shop.id, check.item_id)
        targets = tuple(key.target_id for key in kept if key.item_id == check.item_id)
        sold = SoldItem(check.item_id, variants[check.item_id], targets)
        places = {} if item is None else places_of(session, shop, item, rule, now=now)
        found.append(Prospect(check, sold, places))
    return found


def places_of(
    session: Session, shop: Shop, item: StockItem, rule: SellingRule, *, now: datetime
) -> dict[int, SellingPoint]:
    """How far the item may be sold on, by what is recorded of it, where the platform counts: by location
    or in the whole shop. Nothing where that is the merchant's alone."""
    own = selling.for_item(rule, item)
    if own.policy is SellingPolicy.OFF or not item.is_tracked:
        return {}
    standing = standing_of(session, shop, item, now=now)
    if PLATFORMS[shop.platform].traits.sells_by_location:
        return {place: _place_at(standing, place, own) for place in standing.pools}
    if not standing.pools:
        return {}
    outlook = outlook_of(standing, list(standing.pools))
    return {0: SellingPoint(decide_selling(outlook, own, today=standing.today))}


def _place_at(standing: Standing, location_id: int, rule: SellingRule) -> SellingPoint:
    outlook = outlook_of(standing, [location_id])
    row, lines = standing.pools[location_id], standing.states[location_id].lines
    counted = row.backordered or 0
    reserve = reserve_of(
        on_hand=row.available + counted,
        free=outlook.free,
        owed=sum(line.backordered for line in lines),
    )
    return SellingPoint(
        decide_selling(outlook, rule, today=standing.today),
        counted,
        reserve if rule.keeps_restocks else 0,
    )


def outlook_of(standing: Standing, location_ids: Sequence[int]) -> Outlook:
    """The item as the next buyer meets it, at these locations together: which of them would ship is not
    known before the order is placed."""
    terms = standing.terms
    states = [standing.states[one] for one in location_ids]
    lead_time = terms.lead_time_days
    by_lead_time = None if lead_time is None else standing.today + timedelta(days=lead_time)
    return Outlook(
        free=sum(
            one.supply - one.owed_before - sum(line.quantity for line in one.lines) for one in states
        ),
        coming=[
            Coming(standing.ready_on(arrival.expected_on), arrival.quantity)
            for one in states
            for arrival in still_expected(one.arrivals, today=standing.today)
        ],
        lead_time_on=by_lead_time and standing.ready_on(by_lead_time),
        is_over=standing.is_over,
    )


def _bring_about(context: ShopContext, seller: Seller, prospects: Sequence[Prospect]) -> None:
    """Read how the items are sold, keep what is about to be done about it, do it, and keep that."""
    told = selling_asks.read(seller, [one.sold for one in prospects])
    readable = [one for one in prospects if one.check.item_id not in told.refusals]
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        steps = _plan(session, shop, readable, told, context.clock())
        stuck = _stuck(session, shop, readable)
    changes = [step.change for step in steps]
    written = selling_asks.write(seller, changes, before_each=partial(_still_ours, context))
    refused = (
        told.refusals
        | stuck
        | {
            step.change.setting.item_id: refusal
            for step, refusal in zip(steps, written.refusals, strict=True)
            if refusal
        }
    )
    with context.transaction() as session:
        selling.mark_written(
            session, context.shop_id, [one.item_id for one in steps], now=context.clock()
        )
        done = [step for step, why in zip(steps, written.refusals, strict=True) if not why]
        _record_all(session, context, done)
        checks = [one.check for one in prospects]
        is_final = bool(stuck) or told.is_final or written.is_final
        conclude(session, context, checks, refused, is_final=is_final)
        _look_when_it_shows(session, context, done, refused)


def _stuck(session: Session, shop: Shop, prospects: Sequence[Prospect]) -> dict[int, str]:
    """Why items stay changed that may have to be given back, where we may change nothing, by item."""
    if may_write(shop):
        return {}
    why = _NOT_ALLOWED.format(scope=PLATFORMS[shop.platform].traits.selling_scope)
    changed = selling.changed_items(session, shop.id)
    return {one.check.item_id: why for one in prospects if one.check.item_id in changed}


def _still_ours(context: ShopContext, changes: Sequence[SellingChange]) -> None:
    """Just before these are sent: another worker may have taken the shop over while the platform let us
    wait, and given back what we are about to set. Raises `LeaseLostError` then."""
    with context.transaction() as session:
        ids = {one.setting.item_id for one in changes}
        selling.mark_written(session, context.shop_id, ids, now=context.clock())


def _record_all(session: Session, context: ShopContext, done: Sequence[Step]) -> None:
    lags = bool(context.platform.traits.stock_lag_s)
    for step in done:
        _record(session, context.shop_id, step, context.clock(), lags=lags)


def _look_when_it_shows(
    session: Session, context: ShopContext, done: Sequence[Step], refused: Mapping[int, str]
) -> None:
    """Where readings lag, what was given back is seen to be so later."""
    lag = timedelta(seconds=context.platform.traits.stock_lag_s)
    restored = {one.change.setting.item_id for one in done if one.act is Act.RESTORE}
    if lag:
        shows_at = context.clock() + lag
        selling.ask_for_checks(session, context.shop_id, restored - refused.keys(), at=shows_at)


_NOT_ALLOWED = "Backline lacks the permission to change it: grant {scope}, or change it yourself"


def _plan(
    session: Session,
    shop: Shop,
    prospects: Sequence[Prospect],
    told: SellingAnswer,
    now: datetime,
) -> list[Step]:
    """What to do about each setting; nothing where we may not. New items are taken on as long as the
    shop's limit lets us. What is not told now is kept as it is: it is to be given back."""
    rows = selling.rows_of(session, shop.id, [one.check.item_id for one in prospects])
    steps = steps_of(told.settings, rows, prospects)
    if not may_write(shop):
        steps = [_unsent(step, rows.get(key_of(step.change.setting))) for step in steps]
    beyond = items_beyond(steps, selling.items_taken_on(session, shop.id), shop.most_stopped_items)
    for key in rows:
        if (key.item_id, key.target_id) in told.gone:
            selling.forget(session, shop.id, key)
    return [
        step
        for step in steps
        if not (step.act is Act.SET and step.item_id in beyond)
        and _keep(session, shop.id, step, rows.get(key_of(step.change.setting)), now)
    ]


def _unsent(step: Step, row: SellingRow | None) -> Step:
    kept = None if row is None else selling.kept(row)
    return replace(step, act=without_writing(step.act, kept, step.change.setting.value))


def _keep(session: Session, shop_id: int, step: Step, row: SellingRow | None, now: datetime) -> bool:
    """Keep what is known of a setting before anything is sent; whether something is to be."""
    setting, key, act = step.change.setting, key_of(step.change.setting), step.act
    is_theirs = row is not None and is_changed_by_others(selling.kept(row), setting.value)
    if act is Act.SET:
        value = step.change.value
        selling.intend(session, shop_id, key, value, was=setting.value, why=step.why, now=now)
    elif act is Act.RESTORE:
        selling.intend_to_restore(session, shop_id, key, was=setting.value, now=now)
    elif act is Act.CONFIRM:
        _tell_unanswered(session, shop_id, step, row, now)
        selling.confirm(session, shop_id, key, value=setting.value)
    elif act is Act.LEAVE:
        selling.leave(session, shop_id, key)
    elif act is Act.FORGET:
        selling.forget(session, shop_id, key)
    elif row is not None and row.state == SettingState.SET:
        row.why = step.why
    if row is not None and (act is Act.LEAVE or (act is Act.FORGET and is_theirs)):
        change = SellingChange(msgspec.structs.replace(setting, value=row.ours), setting.value)
        _tell(session, shop_id, LEFT, change, _THEIRS, now=now)
    return act in (Act.SET, Act.RESTORE)


def _tell_unanswered(
    session: Session, shop_id: int, step: Step, row: SellingRow | None, now: datetime
) -> None:
    """Our write has arrived although nobody answered it: it has not been told yet."""
    stands = step.change.setting.value
    if row is not None and row.state == SettingState.SETTING and row.was != stands:
        setting = msgspec.structs.replace(step.change.setting, value=row.was)
        _tell(session, shop_id, STOPPED, SellingChange(setting, stands), row.why, now=now)


_THEIRS = "changed by someone else; Backline leaves it"


def _record(session: Session, shop_id: int, step: Step, now: datetime, *, lags: bool) -> None:
    """It was done. Where readings lag, what was restored is forgotten only when it shows: until then our
    value may be read, which is nobody else's. What was refused is kept as it is: whether it stands all
    the same, the next look shows."""
    key = key_of(step.change.setting)
    if step.act is Act.SET:
        selling.confirm(session, shop_id, key, value=step.change.value)
        _tell(session, shop_id, STOPPED, step.change, step.why, now=now)
        return
    if not lags:
        selling.forget(session, shop_id, key)
    _tell(session, shop_id, RESTORED, step.change, step.why or _OFF, now=now)


_OFF = "switched off, or excepted for this item"


def _tell(
    session: Session, shop_id: int, kind: str, change: SellingChange, why: str, *, now: datetime
) -> None:
    setting = change.setting
    audit.record_event(
        session,
        shop_id,
        kind,
        at=now,
        item_id=setting.item_id,
        before=in_words(setting.name, setting.value),
        after=in_words(setting.name, change.value),
        why=why,
    )
