"""What stock is committed to besides orders, read where it matters."""

from collections.abc import Mapping

from app.db import shops
from app.db.models import Shop
from app.db.reservations import replace_reservations
from app.errors import NeedsMerchant
from app.pipeline.context import ShopContext
from app.platforms.base import ReservationKind

Scopes = Mapping[str, ReservationKind]


def read_reservations(context: ShopContext) -> None:
    """Read all there are, as far as we may. Where a permission was taken back of which nobody told us
    yet, there are none to read, and what we may is asked anew: a shop does without."""
    now = context.clock()
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        scopes, now_there = list(shop.scopes), now + shop.skew
    try:
        found, is_allowed = context.platform.fetch_reservations(scopes=scopes, now=now_there), True
    except NeedsMerchant:
        found, is_allowed = [], False
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        replace_reservations(session, context.shop_id, found)
        shop.reservations_read_at = now
        if not is_allowed:
            shops.ask_to_check(shop)


def readable_kinds(shop: Shop, scopes: Scopes) -> frozenset[str]:
    """What may be read besides orders, with the scopes that are granted now."""
    return frozenset(kind.value for scope, kind in scopes.items() if scope in shop.scopes)


def unreadable(shop: Shop, scopes: Scopes) -> dict[str, str]:
    """The scopes that would let us read more, each with the kind of things that it tells."""
    return {scope: kind.value for scope, kind in scopes.items() if scope not in shop.scopes}
