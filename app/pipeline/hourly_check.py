"""The hourly check: what no webhook told. Webhooks may be lost, and days pass without one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.db import day_counts, due_items, item_codes, preferences, selling, shops, showing, variants
from app.db.holds import ask_for_checks_of_changed
from app.db.models import Shop
from app.db.stale_orders import asked_since
from app.errors import NeedsMerchant
from app.pipeline.compliance import compare_obligations
from app.pipeline.context import ShopContext
from app.pipeline.forgetting import find_old, forget
from app.pipeline.inbound import expect_hourly
from app.pipeline.reading import note_unread, read_changed_orders
from app.pipeline.selling_permission import may_write, take_scopes, try_permission
from app.platforms.base import ShopProfile, Subscription

_EVERY = timedelta(hours=1)
# Platforms give up a webhook that nobody answered for hours: whoever comes late may have been away.
_LATE = timedelta(minutes=10)
_VARIANTS_AT_ONCE = 250


def check_hourly(context: ShopContext) -> bool:
    """Once an hour: read the orders that changed, look again at every item that open orders name, see
    what we may and, now and then, that the webhooks still come, compare what orders oblige to with what
    they say, and forget what nobody needs any more. Returns whether it was time.

    An order of which two copies of one second differ, or that may have changed in the second of our
    copy, is read only when an item is short of stock. If it shows something of ours that no item's books
    tell of it is read here: it may have been cancelled.
    """
    shop = context.read_shop()
    if shop.hourly_check_at > context.clock():
        return False
    last_check, began = shop.hourly_check_at - _pause(shop.id), context.clock()
    with context.reading() as session:
        stale = showing.stale_orders_shown(session, context.shop_id, seen_since=last_check + shop.skew)
    if stale:
        note_unread(context, stale)
    read_changed_orders(context, cause="hourly check")
    with_webhooks = _may_lack_webhooks(context, shop, set(stale), began=began)
    profile, subscriptions = _ask_platform(context, with_webhooks=with_webhooks)
    may_sell = try_permission(context)
    with context.transaction() as session:
        now = context.clock()
        due_items.look_at_waiting_items(session, context.shop_id, now=now)
        ask_for_checks_of_changed(session, context.shop_id, now=now)
        day_counts.count_events(session, context.shop_id, since=now - day_counts.CHARTED)
        shop = shops.get_shop(session, context.shop_id)
        selling.ask_for_checks_of_all(session, shop, now, with_new=may_write(shop))
        # Nothing of what is asked in between looks at the shop's own row: it is written once.
        with session.no_autoflush:
            record_check(session, shop, profile, subscriptions, now=now, may_sell=may_sell)
            expect_hourly(session, shop, now=now)
            compare_obligations(session, shop, now=now)
            shop.hourly_check_at = now + _pause(shop.id)
            old = find_old(session, context, now=now)
    forget(context, old, now=now)
    _read_codes(context)
    return True


def _may_lack_webhooks(context: ShopContext, shop: Shop, stale: set[int], *, began: datetime) -> bool:
    """Whether to see that the webhooks are there: it is time, nobody may have answered them for a
    while, or the list told of orders what no webhook had."""
    seldom = timedelta(seconds=context.platform.traits.webhook_list_every_s)
    if shop.subscribed_at is None or began - shop.subscribed_at >= seldom:
        return True
    with context.reading() as session:
        untold = asked_since(session, context.shop_id, began) - stale
    return began - shop.hourly_check_at > _LATE or bool(untold)


def _read_codes(context: ShopContext) -> None:
    """Read the barcodes and part numbers of some items, by which suppliers' files may name them: of each
    once a week, for not every change of them is told."""
    with context.reading() as session:
        asked = item_codes.variants_to_ask(
            session, context.shop_id, now=context.clock(), limit=_VARIANTS_AT_ONCE
        )
    if not asked:
        return
    told = context.platform.fetch_codes(asked)
    with context.transaction() as session:
        variants.upsert_variants(session, context.shop_id, told, now=context.clock(), only_known=True)


def _pause(shop_id: int) -> timedelta:
    """An hour, less up to five minutes, each shop its own: what was checked together drifts apart."""
    return _EVERY - timedelta(seconds=shop_id * 7919 % 300)


def check_first(context: ShopContext) -> bool:
    """What comes before anything else in a shop that has just let us in, or changed what we may: without
    webhooks an import would be out of date when it ends. Returns whether it was time."""
    if context.read_shop().subscribed_at is not None:
        return False
    profile, subscriptions = _ask_platform(context)
    may_sell = try_permission(context)
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        record_check(session, shop, profile, subscriptions, now=context.clock(), may_sell=may_sell)
    return True


def _ask_platform(
    context: ShopContext, *, with_webhooks: bool = True
) -> tuple[ShopProfile, Sequence[Subscription] | None]:
    """Platforms switch webhooks off that failed too often, and merchants change settings: put right what
    can be, and tell the rest. Raises `NeedsMerchant` if we may not do what we must."""
    profile = context.platform.fetch_profile()
    if profile.missing_scopes:
        raise NeedsMerchant(
            f"Backline may not do its work: {', '.join(profile.missing_scopes)} "
            f"{'is' if len(profile.missing_scopes) == 1 else 'are'} not granted. Open Backline from the "
            "shop's admin and grant what it asks for (for an app of your own: where its token was made)"
        )
    if not with_webhooks:
        return profile, None
    return profile, context.platform.register_webhooks(context.webhooks_url, scopes=profile.scopes)


def record_check(
    session: Session,
    shop: Shop,
    profile: ShopProfile,
    subscriptions: Sequence[Subscription] | None,
    *,
    now: datetime,
    may_sell: bool | None = None,
) -> None:
    """Keep what the platform says of the shop, and what became of its webhooks if they were read.
    `may_sell`: see `try_permission`."""
    take_scopes(session, shop, profile.scopes, now=now, tried=may_sell)
    shop.name, shop.limits = profile.name, list(profile.limits)
    shop.currency = profile.currency
    preferences.take_profile(shop, time_zone=profile.time_zone, locale=profile.locale)
    if subscriptions is None:
        return
    shop.subscriptions = {one.topic: one.outcome for one in subscriptions if not one.is_right}
    shop.subscribed_at = now
