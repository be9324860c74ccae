"""Whether we may change how items are sold: an extra permission, which merchants give and withdraw."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from app.db import selling
from app.db.models import Shop
from app.platforms.registry import PLATFORMS


def may_write(shop: Shop) -> bool:
    """Whether the shop's platform lets us change how items are sold, as far as we know."""
    scope = PLATFORMS[shop.platform].traits.selling_scope
    return bool(scope) and scope in shop.scopes


def take_scopes(session: Session, shop: Shop, scopes: Iterable[str], *, now: datetime) -> None:
    """Keep what we may. What was looked at in vain before we might is looked at again."""
    could = may_write(shop)
    shop.scopes = list(scopes)
    if may_write(shop) and not could:
        selling.ask_for_checks_of_all(session, shop, now)
