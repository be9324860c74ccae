"""The first plain status page: which orders are short now, since when, until when, and why."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from flask import Blueprint, abort, render_template
from sqlalchemy.orm import Session

from app.db import audit, inbox, mirror, promises, shops
from app.db.models import DeliveryRow, Event, Item, PoolRow, Shop
from app.pipeline.runtime import Runtime
from app.web import access

_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class ShortLine:
    """One line of the page: an item of an order that waits."""

    title: str
    sku: str
    short: int
    expected_on: date | None
    words: str


@dataclass(frozen=True)
class ShortOrder:
    """One order that waits, with all its short lines."""

    name: str
    placed_at: datetime
    short_since: datetime
    lines: list[ShortLine]
    problem: str | None


@dataclass(frozen=True)
class Trouble:
    """What somebody should know of: a reason, and what to do."""

    drifting: list[tuple[PoolRow, Item]]
    failed: list[DeliveryRow]
    stuck_items: list[Item]


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The page of all shops and the page of one."""
    blueprint = Blueprint("status", __name__)

    @blueprint.get("/")
    def index() -> str:
        with runtime.sessions.begin() as session:
            mine = access.viewer().shop_ids
            found = [shop for shop in shops.list_shops(session) if shop.id in mine]
            counts = {shop.id: promises.count_short(session, shop.id) for shop in found}
        return render_template("index.html", shops=found, counts=counts)

    @blueprint.get("/shops/<int:shop_id>")
    def shop_page(shop_id: int) -> str:
        with runtime.sessions.begin() as session:
            shop = session.get(Shop, shop_id) if shop_id <= _LARGEST_ID else None
            if shop is None:
                abort(404)
            return render_template(
                "shop.html",
                shop=shop,
                orders=_short_orders(session, shop_id),
                counts=promises.count_short(session, shop_id),
                trouble=_trouble(session, shop_id),
                events=_events(session, shop_id),
                deliveries=inbox.count_deliveries(session, shop_id),
                day=lambda day: _day(day, shop),
                moment=lambda moment: _moment(moment, shop),
            )

    return blueprint


def _short_orders(session: Session, shop_id: int) -> list[ShortOrder]:
    rows = promises.short_orders(session, shop_id)
    result = []
    for _, group in groupby(rows, key=lambda row: row[1].order_id):
        lines = list(group)
        order = lines[0][1]
        result.append(
            ShortOrder(
                order.name,
                order.placed_at,
                min(promise.short_since for promise, _, _ in lines),
                [
                    ShortLine(item.title, item.sku, promise.short, promise.expected_on, promise.words)
                    for promise, _, item in lines
                ],
                order.problem,
            )
        )
    return result


def _trouble(session: Session, shop_id: int) -> Trouble:
    return Trouble(
        mirror.drifting_pools(session, shop_id),
        list(inbox.failed_deliveries(session, shop_id)),
        list(mirror.stuck_items(session, shop_id)),
    )


def _events(session: Session, shop_id: int) -> list[tuple[Event, str]]:
    """The newest events with the name of their order."""
    events = audit.recent_events(session, shop_id)
    names = mirror.order_names(session, shop_id, {event.order_id for event in events if event.order_id})
    return [(event, names.get(event.order_id or 0, "")) for event in events]


def _day(day: date | None, shop: Shop) -> str:
    return "no date known" if day is None else format_date(day, format="medium", locale=_locale(shop))


def _moment(moment: datetime, shop: Shop) -> str:
    zone = ZoneInfo(shop.time_zone)
    return format_datetime(moment, format="MMM d, HH:mm", tzinfo=zone, locale=_locale(shop))


def _locale(shop: Shop) -> str:
    return shop.locale.replace("-", "_")
