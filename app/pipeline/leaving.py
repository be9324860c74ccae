"""From a working shop to none: no work and no token at once, and later no data."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.db import audit, feeds, shops, staff
from app.db.models import Shop
from app.platforms.registry import PLATFORMS


def uninstall(
    session: Session, shop: Shop, *, told_at: datetime | None, now: datetime, cause: str
) -> bool:
    """Forget the tokens, ours for other systems too, everybody who was invited, and the feeds with their
    logins; the data stays for
    a while, since a merchant may come back. Returns False for news of an earlier install, which end
    nothing."""
    if shops.is_of_earlier_install(shop, told_at):
        shops.ask_to_check(shop)  # the webhooks of the earlier install went with it
        return False
    after = PLATFORMS[shop.platform].erased_after
    erase_at = None if after is None else now + after
    shops.remove_shop(shop, problem="The app was uninstalled.", erase_at=erase_at)
    staff.end_sign_ins(session, shop.id)
    staff.forget_all(session, shop.id)
    feeds.forget_all(session, shop.id)
    audit.record_event(session, shop.id, "uninstalled", at=now, cause=cause)
    return True
