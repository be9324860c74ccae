"""From a working shop to none: what we changed is taken back while that can be done; then no work and no
token at once, and later no data."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.core.steps import counted
from app.db import audit, feeds, holds, selling, shops, showing, staff
from app.db.models import Shop
from app.platforms.registry import PLATFORMS


class Left(NamedTuple):
    """What of ours stands at the platform: orders with a tag, a note or fields of ours (or a status),
    orders on hold by us, items that are sold otherwise than before us."""

    marked: int
    held: int
    stopped: int

    @property
    def in_words(self) -> str:
        """Every kind of which there is any, with how many; empty where there is none."""
        kinds = (
            (self.marked, "order with Backline's tags or notes", "orders with Backline's tags or notes"),
            (self.held, "order on hold by Backline", "orders on hold by Backline"),
            (self.stopped, "item sold by Backline's settings", "items sold by Backline's settings"),
        )
        return ", ".join(counted(*kind) for kind in kinds if kind[0])


def left_at_platform(session: Session, shop_id: int) -> Left:
    """What would stay there if the app were removed now."""
    return Left(
        showing.count_showing(session, shop_id),
        holds.count_orders_held(session, shop_id),
        len(selling.changed_items(session, shop_id)),
    )


def uninstall(
    session: Session, shop: Shop, *, told_at: datetime | None, now: datetime, cause: str
) -> bool:
    """Forget the tokens, ours for other systems too, everybody who was invited, and the feeds with their
    logins; the data stays for
    a while, since a merchant may come back. Returns False for news of an earlier install, which end
    nothing."""
    if shops.is_of_earlier_install(shop, told_at):
        # The webhooks of the earlier install went with it, and nobody told what happened meanwhile.
        shops.ask_to_check(shop)
        shops.ask_to_catch_up(session, shop, now=now)
        return False
    after = PLATFORMS[shop.platform].erased_after
    erase_at = None if after is None else now + after
    shops.remove_shop(shop, problem="The app was uninstalled.", erase_at=erase_at)
    staff.end_sign_ins(session, shop.id)
    staff.forget_all(session, shop.id)
    feeds.forget_all(session, shop.id)
    audit.record_event(session, shop.id, "uninstalled", at=now, cause=cause)
    return True
