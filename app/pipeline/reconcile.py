"""The hourly check: what no webhook told. Webhooks may be lost, and days pass without one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.db import api_calls, due_items, preferences, shops, showing, uploads
from app.db.models import Shop
from app.errors import NeedsMerchant
from app.pipeline.compliance import compare_duties
from app.pipeline.context import ShopContext
from app.pipeline.forgetting import forget_old
from app.pipeline.inbound import expect_hourly
from app.pipeline.reading import read_changed_orders
from app.platforms.base import ShopProfile, Subscription

_EVERY = timedelta(hours=1)


def reconcile(context: ShopContext) -> bool:
    """Once an hour: read the orders that changed, look again at every item that open orders name, see
    that the webhooks still come, compare what orders oblige to with what they say, and forget what
    nobody needs any more. Returns whether it was time.

    An order of which two copies of one second differ, or that may have changed in the second of our
    copy, is read only when an item is short of stock. If it shows something of ours that no item's books
    tell of it is read here: it may have been cancelled.
    """
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        if shop.reconcile_at > context.clock():
            return False
        last_check = shop.reconcile_at - _pause(shop.id)
        stale = showing.stale_orders_shown(session, context.shop_id, seen_since=last_check)
        shop.unread_orders = sorted({*shop.unread_orders, *stale})
    read_changed_orders(context, cause="hourly check")
    check_shop(context)
    with context.transaction() as session:
        now = context.clock()
        due_items.look_at_waiting_items(session, context.shop_id, now=now)
        uploads.forget_uploads(session, context.shop_id, now=now)
        api_calls.forget_calls(session, context.shop_id, now=now)
        shop = shops.get_shop(session, context.shop_id)
        expect_hourly(shop, now=now)
        compare_duties(session, shop, now=now)
        shop.reconcile_at = now + _pause(shop.id)
    forget_old(context)
    return True


def _pause(shop_id: int) -> timedelta:
    """An hour, less up to five minutes, each shop its own: what was checked together drifts apart."""
    return _EVERY - timedelta(seconds=shop_id * 7919 % 300)


def check_first(context: ShopContext) -> bool:
    """What comes before anything else in a shop that has just let us in, or changed what we may: without
    webhooks an import would be out of date when it ends. Returns whether it was time."""
    with context.transaction() as session:
        if shops.get_shop(session, context.shop_id).subscribed_at is not None:
            return False
    check_shop(context)
    return True


def check_shop(context: ShopContext) -> None:
    """Platforms switch webhooks off that failed too often, and merchants change settings: put right what
    can be, and keep in words what can not. Raises `NeedsMerchant` if we may not do what we must."""
    with context.transaction() as session:
        platform = shops.get_shop(session, context.shop_id).platform
    profile = context.platform.fetch_profile()
    if profile.missing_scopes:
        raise NeedsMerchant(
            f"Backline may not do its work: {', '.join(profile.missing_scopes)} "
            f"{'is' if len(profile.missing_scopes) == 1 else 'are'} not granted. Open Backline from the "
            "shop's admin and grant what it asks for (for an app of your own: where its token was made)"
        )
    subscriptions = context.platform.register_webhooks(
        f"{context.app_url}/webhooks/{platform}", scopes=profile.scopes
    )
    with context.transaction() as session:
        record_check(
            shops.get_shop(session, context.shop_id), profile, subscriptions, now=context.clock()
        )


def record_check(
    shop: Shop, profile: ShopProfile, subscriptions: Sequence[Subscription], *, now: datetime
) -> None:
    """Keep what the platform says of the shop, and what became of its webhooks."""
    shop.name, shop.scopes, shop.limits = profile.name, list(profile.scopes), list(profile.limits)
    shop.currency = profile.currency
    preferences.take_profile(shop, time_zone=profile.time_zone, locale=profile.locale)
    shop.subscriptions = {one.topic: one.outcome for one in subscriptions if not one.is_right}
    shop.subscribed_at = now
