"""From a token to a working shop, and back."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.skew import Learner
from app.core.states import ImportState, ShopStatus
from app.db import audit, holds, selling, shops, tokens
from app.db.models import Shop
from app.errors import NeedsMerchant
from app.pipeline import doorbell
from app.pipeline.hourly_check import record_check
from app.pipeline.runtime import Runtime, work_on_shop
from app.platforms.base import Credentials, Grant, ShopProfile, Subscription
from app.platforms.registry import PLATFORMS

_LONGEST_PAUSE_S = 5


@dataclass(frozen=True, slots=True)
class Connected:
    """What connecting a shop found and did."""

    shop_id: int
    profile: ShopProfile
    subscriptions: list[Subscription]


def install_shop(runtime: Runtime, platform: str, domain: str, grant: Grant) -> int:
    """Keep the access that a merchant has just given us; returns the shop's id. Everything that takes
    time is left to a worker: scopes, webhooks, then the import of open orders."""
    now = runtime.clock()
    with runtime.sessions.begin() as session:
        before = shops.find_shop(session, platform, domain)
        is_back = before is None or before.status != ShopStatus.ACTIVE
        shop = shops.install_shop(
            session, platform=platform, domain=domain, now=now, skew_s=_skew_s(runtime)
        )
        tokens.keep_grant(shop, grant, runtime.settings.encryption_keys, now=now)
        shops.ask_to_check(shop)
        if is_back:
            shops.ask_to_catch_up(session, shop, now=now)
            audit.record_event(session, shop.id, "connected", at=now)
    doorbell.ring(runtime.redis, shop.id)
    return shop.id


def renew_access(runtime: Runtime, shop: Shop, grant: Grant) -> None:
    """Keep the newer access of a shop that works."""
    now = runtime.clock()
    with runtime.sessions.begin() as session:
        current = shops.get_shop(session, shop.id)
        current.installed_at = now + current.skew
        tokens.keep_grant(current, grant, runtime.settings.encryption_keys, now=now)


def connect_shop(runtime: Runtime, platform: str, domain: str, token: str | None = None) -> Connected:
    """Check the token and its scopes, keep it, register the webhooks, and begin the import. Without a
    token the app's own credentials bring one, where shop and app belong to one organization.

    Raises `NeedsMerchant` if the token is refused, a scope is missing (naming each) or none is given;
    nothing is stored then.
    """
    domain = domain.lower()
    grant = runtime.fetch_access(platform, domain) if token is None else Grant(token)
    outside = runtime.connect_with(platform, Credentials(0, domain, grant.access_token))
    profile = outside.fetch_profile()
    if profile.missing_scopes:
        raise NeedsMerchant(
            f"The token of {domain} lacks {', '.join(profile.missing_scopes)}. Grant them where the "
            f"token was made ({PLATFORMS[platform].access_place}), and use the new token."
        )
    subscriptions = outside.register_webhooks(
        f"{runtime.settings.app_url}/webhooks/{platform}", scopes=profile.scopes
    )
    with runtime.sessions.begin() as session:
        shop = shops.install_shop(
            session,
            platform=platform,
            domain=profile.domain,
            now=runtime.clock(),
            skew_s=_skew_s(runtime),
        )
        tokens.keep_grant(shop, grant, runtime.settings.encryption_keys, now=runtime.clock())
        record_check(session, shop, profile, subscriptions, now=runtime.clock())
        shops.ask_to_catch_up(session, shop, now=runtime.clock())
        audit.record_event(session, shop.id, "connected", at=runtime.clock())
    doorbell.ring(runtime.redis, shop.id)
    return Connected(shop.id, profile, subscriptions)


def _skew_s(runtime: Runtime) -> float | None:
    """How far the platform's clock is ahead of ours by its answer of just now."""
    told = runtime.http.skew()
    return None if told is None else Learner().hear(told)


def import_now(runtime: Runtime, shop_id: int) -> Iterator[Shop]:
    """Work on the shop here until its open orders are in and settled, together with any worker there
    is; yields the shop after each step. Raises `NeedsMerchant` if it can't go on."""
    while True:
        again_s = work_on_shop(runtime, shop_id)
        with runtime.sessions.begin() as session:
            shop = shops.get_shop(session, shop_id)
        yield shop
        if shop.status != ShopStatus.ACTIVE:
            raise NeedsMerchant(shop.problem or f"{shop.domain} is {shop.status}")
        if shop.import_state == ImportState.DONE and (again_s is None or again_s > 0):
            return
        time.sleep(min(again_s or 0, _LONGEST_PAUSE_S))


_STILL_HELD = (
    "Orders of {shop} that Backline holds back from shipping: {held}. Nobody could release them "
    "afterwards but your staff, one by one. Run `backline shops set {shop} --holds off` first and "
    "disconnect a minute later, or leave them with --leave-holds"
)


_STILL_STOPPED = (
    "Items of {shop} whose selling settings Backline has changed: {changed}. Nobody could set them back "
    "afterwards but your staff, one by one. Run `backline shops set {shop} --selling off` first and "
    "disconnect a minute later, or leave them with --leave-selling"
)


def disconnect_shop(
    runtime: Runtime, shop_id: int, *, leaves_holds: bool = False, leaves_selling: bool = False
) -> None:
    """Stop all work for the shop and forget its token. Raises `NeedsMerchant` while holds of ours stand
    that nobody could release afterwards, or items are sold otherwise than before us, unless that is to
    stay."""
    with runtime.sessions.begin() as session:
        shop = shops.get_shop(session, shop_id)
        held = holds.count_orders_held(session, shop_id)
        if held and shop.status == "active" and not leaves_holds:
            raise NeedsMerchant(_STILL_HELD.format(held=held, shop=shop.domain))
        changed = len(selling.changed_items(session, shop_id))
        if changed and shop.status == "active" and not leaves_selling:
            raise NeedsMerchant(_STILL_STOPPED.format(changed=changed, shop=shop.domain))
        shops.remove_shop(shop, problem="Disconnected. Connect the shop again to go on.")
        audit.record_event(session, shop_id, "disconnected", at=runtime.clock())
