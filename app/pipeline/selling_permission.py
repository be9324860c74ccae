"""Whether we may change how items are sold: an extra permission, which merchants give and withdraw."""

from collections.abc import Iterable
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from app.core.selling import SellingPolicy
from app.db import selling, shops
from app.db.models import Shop
from app.errors import BacklineError, TurnIsOver
from app.logs import first_line
from app.pipeline.context import ShopContext
from app.platforms.http import PlatformRefused
from app.platforms.registry import PLATFORMS

log = structlog.get_logger()


def may_write(shop: Shop) -> bool:
    """Whether the shop's platform lets us change how items are sold, as far as we know."""
    scope = PLATFORMS[shop.platform].traits.selling_scope
    return bool(scope) and scope in shop.scopes


def lacks_permission(shop: Shop) -> bool:
    """Whether we know that we may not. Where only trying tells, that is tried once the merchant wants
    it."""
    traits = PLATFORMS[shop.platform].traits
    was_tried = shop.selling != SellingPolicy.OFF and shop.subscribed_at is not None
    return not may_write(shop) and (traits.tells_selling_scope or was_tried)


def try_permission(context: ShopContext) -> bool | None:
    """Whether we may, where only trying tells: tried while the merchant wants it, or something is to be
    given back. None: the profile tells, or no clear answer came, which holds nothing else up."""
    with context.reading() as session:
        shop = shops.get_shop(session, context.shop_id)
        is_off = shop.selling == SellingPolicy.OFF
        if is_off and not selling.changed_items(session, shop.id):
            return None
    seller = context.platform.seller
    try:
        return None if seller is None else seller.try_scope()
    except TurnIsOver:
        raise
    except (BacklineError, PlatformRefused) as unclear:
        log.warning("permission not known", shop=context.shop_id, reason=first_line(unclear))
        return None


def take_scopes(
    session: Session, shop: Shop, scopes: Iterable[str], *, now: datetime, tried: bool | None = None
) -> None:
    """Keep what we may; `tried` is what `try_permission` found. What was looked at in vain before we
    might is looked at again; of what stays changed now that we may not it is said."""
    traits, could = PLATFORMS[shop.platform].traits, may_write(shop)
    shop.scopes = list(scopes)
    if not traits.tells_selling_scope and (could if tried is None else tried):
        shop.scopes = [*shop.scopes, traits.selling_scope]
    if may_write(shop) != could:
        selling.ask_for_checks_of_all(session, shop, now, with_new=not could)
