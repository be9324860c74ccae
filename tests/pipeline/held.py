"""What is on hold of orders in a sandbox shop, and what was told of them."""

import sqlalchemy as sa

from app.db.models import Event
from app.sandbox.shopify.records import FulfillmentOrder, Hold
from tests.pipeline.stage import Stage


def parts(stage: Stage, order_id: int) -> list[FulfillmentOrder]:
    """The fulfillment orders of which something is still to ship."""
    books = stage.world.shop.books
    return [one for one in books.fulfillment_orders_of(stage.world.order(order_id)) if one.is_open]


def units(stage: Stage, order_id: int) -> dict[str, int]:
    """Units still to ship, by the state of their fulfillment order."""
    found: dict[str, int] = {}
    for one in parts(stage, order_id):
        found[one.status] = found.get(one.status, 0) + sum(part.remaining for part in one.lines)
    return found


def our_holds(stage: Stage, order_id: int) -> list[Hold]:
    return [hold for one in parts(stage, order_id) for hold in one.holds if hold.app == "us"]


def hold_writes(stage: Stage) -> list[str]:
    return [entry.kind for entry in stage.world.shop.journal if entry.kind.startswith("hold")]


def events(stage: Stage, order_id: int) -> list[str]:
    """What was told of the order, in the order of time."""
    with stage.world.runtime.sessions.begin() as session:
        where = (Event.shop_id == stage.world.shop_id, Event.order_id == order_id)
        return list(session.scalars(sa.select(Event.kind).where(*where).order_by(Event.id)))
