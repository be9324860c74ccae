"""What a merchant sets for a shop. Every change leaves an event with what it was and what it is now."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.selling import SellingPolicy
from app.core.states import ShopStatus
from app.db import selling, showing
from app.db.audit import record_event
from app.db.due_items import ask_for_look
from app.db.holds import ask_for_checks_of_all
from app.db.models import Shop, StockItem
from app.db.shops import ask_to_check, ask_to_sync, expect_inbound


def change_preferences(
    session: Session, shop: Shop, wanted: Mapping[str, Any], *, by: str, now: datetime
) -> list[str]:
    """Set these columns of the shop, by name, and ask for the work that follows. What connecting again
    would overwrite is the merchant's from now on. Returns the names of those that really changed."""
    changed = [name for name, value in wanted.items() if getattr(shop, name) != value]
    for name in changed:
        before, after = getattr(shop, name), wanted[name]
        setattr(shop, name, after)
        record_event(
            session,
            shop.id,
            "setting changed",
            at=now,
            before=f"{_LABELS[name]}: {_in_words(before)}",
            after=f"{_LABELS[name]}: {_in_words(after)}",
            why=f"set by {by}",
        )
    shop.overridden_settings = sorted({*shop.overridden_settings, *(set(changed) & _TOLD_BY_PLATFORM)})
    # Each once, in the order in which they were wished for.
    for follow_up in dict.fromkeys(_FOLLOW_UPS[name] for name in changed if name in _FOLLOW_UPS):
        follow_up(session, shop, now)
    return changed


def take_profile(shop: Shop, *, time_zone: str, locale: str) -> None:
    """What the platform says of the shop, where the merchant has not said otherwise."""
    for name, value in (("time_zone", time_zone), ("locale", locale)):
        if name not in shop.overridden_settings:
            setattr(shop, name, value)


def _look_at_queues(session: Session, shop: Shop, now: datetime) -> None:
    """Promises stand on it: they are made anew."""
    where = (StockItem.shop_id == shop.id, StockItem.has_queue)
    for item in session.scalars(sa.select(StockItem).where(*where).with_for_update()):
        ask_for_look(item, at=now, cause="settings changed")


def _take_dates_anew(session: Session, shop: Shop, now: datetime) -> None:
    """In another time zone a shipment arrives on another day, and a promise begins on another."""
    expect_inbound(shop, now=now)
    _look_at_queues(session, shop, now)


def _check_now(session: Session, shop: Shop, now: datetime) -> None:
    """The hourly check compares what orders oblige to with what they say."""
    shop.hourly_check_at = now


def _read_orders_again(session: Session, shop: Shop, now: datetime) -> None:
    """Our copies do not keep an order's tags, only the priority that they earned it."""
    ask_to_sync(shop, now=now)


def _sell_otherwise(session: Session, shop: Shop, now: datetime) -> None:
    """Whether we may is asked before anything is changed: the permission may be new, or gone."""
    selling.ask_for_checks_of_all(session, shop, now)
    if shop.status == ShopStatus.ACTIVE and shop.selling != SellingPolicy.OFF:
        ask_to_check(shop)


def _give_back(session: Session, shop: Shop, now: datetime) -> None:
    """Whatever we changed at the platform is looked at: orders, what is on hold, how items are sold."""
    showing.judge_all(session, shop.id, at=now)
    ask_for_checks_of_all(session, shop, now)
    selling.ask_for_checks_of_all(session, shop, now)
    _look_at_queues(session, shop, now)


def _in_words(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_LABELS = {
    "quiet_days": "days a date may move quietly",
    "time_zone": "time zone",
    "lead_time_days": "lead time",
    "locale": "language",
    "tag_names": "tag names",
    "wording": "wording",
    "promise_quantile": "share of promises to keep",
    "country": "country",
    "handling_days": "working days between arrival and dispatch",
    "closing_days": "closing days",
    "cut_off": "cut-off hour",
    "carrier_country": "country of the carrier",
    "supplier_countries": "countries of suppliers",
    "says_range": "days told as a range",
    "regime": "law of late deliveries",
    "tags_delay_notices": "tag for delay notices that are due",
    "priority_rules": "priority rules",
    "holds": "what of waiting orders is held back from shipping",
    "hold_rules": "what is held of orders with a tag",
    "moves": "what waits is moved to where it is in stock",
    "restocks": "whom restocks serve first",
    "skip_times": "how often an order may be passed over",
    "skip_days": "days after which an order is passed over no more",
    "selling": "when selling on is stopped",
    "longest_wait_days": "longest wait of a buyer, in days",
    "most_ahead": "units of an item that may wait at once",
    "most_stopped_items": "items whose selling is changed at once",
    "keeps_restocks": "safety stock is raised for orders that wait",
    "gives_back": "everything is taken back",
}
_TOLD_BY_PLATFORM = {"time_zone", "locale"}
_FOLLOW_UPS: Mapping[str, Callable[[Session, Shop, datetime], None]] = {
    "time_zone": _take_dates_anew,
    "lead_time_days": _look_at_queues,
    "priority_rules": _read_orders_again,
    "promise_quantile": _look_at_queues,
    "country": _look_at_queues,
    "handling_days": _look_at_queues,
    "closing_days": _look_at_queues,
    "cut_off": _look_at_queues,
    "carrier_country": _look_at_queues,
    "supplier_countries": _look_at_queues,
    "says_range": _look_at_queues,
    "regime": _check_now,
    "tags_delay_notices": _check_now,
    "moves": _look_at_queues,
    "restocks": _look_at_queues,
    "skip_times": _look_at_queues,
    "skip_days": _look_at_queues,
    "holds": ask_for_checks_of_all,
    "hold_rules": ask_for_checks_of_all,
    "selling": _sell_otherwise,
    "longest_wait_days": selling.ask_for_checks_of_all,
    "most_ahead": selling.ask_for_checks_of_all,
    "most_stopped_items": selling.ask_for_checks_of_all,
    "keeps_restocks": selling.ask_for_checks_of_all,
    "gives_back": _give_back,
}
