"""From a working shop to none: no work and no token at once, and later no data."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.db import audit, shops, staff
from app.db.models import Shop

# Shopify tells when everything is to be erased (`shop/redact`); BigCommerce never does.
_ERASED_AFTER: Mapping[str, timedelta] = {"bigcommerce": timedelta(hours=48)}


def uninstall(
    session: Session, shop: Shop, *, told_at: datetime | None, now: datetime, cause: str
) -> bool:
    """Forget the tokens and sign everybody out; the data stays for a while, since a merchant may come
    back. Returns False for news of an earlier install, which end nothing."""
    if shops.is_of_earlier_install(shop, told_at):
        shops.ask_to_check(shop)  # the webhooks of the earlier install went with it
        return False
    after = _ERASED_AFTER.get(shop.platform)
    erase_at = None if after is None else now + after
    shops.remove_shop(shop, problem="The app was uninstalled.", erase_at=erase_at)
    staff.end_sign_ins(session, shop.id)
    audit.record_event(session, shop.id, "uninstalled", at=now, cause=cause)
    return True
