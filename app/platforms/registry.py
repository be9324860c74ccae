"""The platforms there are. A new one is its folder and one line in `PLATFORMS`."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from redis import Redis

from app.errors import NeedsMerchant
from app.platforms.base import Credentials, Grant, Platform, Traits, WebhookReader
from app.platforms.bigcommerce import frames as bigcommerce_frames
from app.platforms.bigcommerce import platform as bigcommerce
from app.platforms.bigcommerce.client import BigCommerceClient
from app.platforms.bigcommerce.platform import BigCommercePlatform
from app.platforms.bigcommerce.quota import Quota
from app.platforms.bigcommerce.secret import hook_secret
from app.platforms.bigcommerce.store_config_cache import StoreConfigCache
from app.platforms.bigcommerce.webhooks import BigCommerceWebhooks
from app.platforms.http import Http
from app.platforms.shopify import auth as shopify_auth
from app.platforms.shopify import frames as shopify_frames
from app.platforms.shopify import platform as shopify
from app.platforms.shopify.budget import Budget
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.platform import ShopifyPlatform
from app.platforms.shopify.webhooks import ShopifyWebhooks

if TYPE_CHECKING:
    from app.settings import Settings


class Outside(NamedTuple):
    """What a platform is reached with: pooled connections, the shared Redis, a clock, a sleep."""

    http: Http
    redis: Redis
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


class Frames(NamedTuple):
    """How pages of ours stand in frames of a platform's admin. `ancestors`: the addresses of the admin
    of a shop, by its domain, or (None) of any, as a content policy names them; empty for none. `script`
    is what pages there load first, and `key` what it knows us by. `entrance`: the path of ours that lets
    a visitor in whom the admin sent to a page, by that page's path and arguments; empty where no admin
    of the platform did. `address` are the arguments by which a link of the admin's own leads to it."""

    ancestors: "Callable[[Settings, str | None], str]" = lambda _settings, _domain: ""
    script: str = ""
    key: "Callable[[Settings], str]" = lambda _settings: ""
    entrance: Callable[[str, Mapping[str, str]], str] = lambda _path, _arguments: ""
    address: Callable[[str], Mapping[str, str]] = lambda _domain: {}


class PlatformKind(NamedTuple):
    """How a platform's two sides are made, what it is called, and where a person sees an order there:
    `order_address` takes the shop's domain as we keep it, and the order's id. `traits` are those that no
    setting changes, for who does not connect."""

    webhook_reader: "Callable[[Settings], WebhookReader]"
    connect: "Callable[[Credentials, Settings, Outside], Platform]"
    title: str
    order_address: Callable[[str, int], str]
    search_address: Callable[[str, str], str]
    """Where the platform's own admin finds orders by what Backline does not keep: takes the shop's
    domain and what is searched for."""
    traits: Traits
    renew_access: "Callable[[Http, Settings, str, str | None], Grant]"
    """Takes the shop's domain and its refresh token, if it has one."""
    erased_after: timedelta | None = None
    """When the data of a shop that left goes by itself; None where the platform tells."""
    frames: Frames = Frames()
    access_place: str = "the shop's settings"
    """Where merchants make a token by hand."""
    token_settings: tuple[str, ...] = ()
    """The settings by which an app gets a shop's token itself; none where tokens are made by hand."""


def order_url(name: str, domain: str, order_id: int) -> str:
    """The order in the platform's admin. Raises `KeyError` for a platform that there is not."""
    return PLATFORMS[name].order_address(domain, order_id)


def webhook_reader(name: str, settings: "Settings") -> WebhookReader:
    """The platform's side that reads webhooks. Raises `KeyError` for a platform that there is not."""
    return PLATFORMS[name].webhook_reader(settings)


def connect(name: str, credentials: Credentials, settings: "Settings", outside: Outside) -> Platform:
    """One shop's platform, ready to be called; nothing is sent yet. Raises `KeyError` likewise."""
    return PLATFORMS[name].connect(credentials, settings, outside)


def renew_access(
    name: str, domain: str, refresh_token: str | None, settings: "Settings", outside: Outside
) -> Grant:
    """New tokens for a shop whose token ends, or which has none yet. Raises `NeedsMerchant` if the
    platform gives none."""
    return PLATFORMS[name].renew_access(outside.http, settings, domain, refresh_token)


def _by_hand_alone(_http: Http, _settings: "Settings", domain: str, _refresh_token: str | None) -> Grant:
    raise NeedsMerchant(
        f"{domain} gives tokens by hand or to an app that it installs: make one in the store's settings"
    )


def _shopify_webhooks(settings: "Settings") -> ShopifyWebhooks:
    return ShopifyWebhooks(settings.shopify_client_secret, settings.shopify_client_secret_previous)


def _shopify(credentials: Credentials, settings: "Settings", outside: Outside) -> ShopifyPlatform:
    client = ShopifyClient(
        credentials.domain,
        credentials.token,
        api_version=settings.shopify_api_version,
        base_url=settings.shopify_base_url,
        budget=Budget(outside.redis, credentials.domain, clock=outside.clock),
        http=outside.http,
        sleep=outside.sleep,
        renew=credentials.renew,
    )
    return ShopifyPlatform(client, bulk_from=settings.shopify_bulk_from_orders)


def _bigcommerce_webhooks(settings: "Settings") -> BigCommerceWebhooks:
    return BigCommerceWebhooks(
        secret_keys=(settings.secret_key, settings.secret_key_previous),
        client_secrets=(
            settings.bigcommerce_client_secret,
            settings.bigcommerce_client_secret_previous,
        ),
        is_signature_required=settings.bigcommerce_signatures_required,
        tolerance_s=settings.bigcommerce_signature_tolerance_seconds,
    )


def _bigcommerce(
    credentials: Credentials, settings: "Settings", outside: Outside
) -> BigCommercePlatform:
    client = BigCommerceClient(
        credentials.domain,
        credentials.token,
        api_url=settings.bigcommerce_api_url,
        quota=Quota(outside.redis, credentials.domain, clock=outside.clock),
        http=outside.http,
        sleep=outside.sleep,
    )
    return BigCommercePlatform(
        client,
        StoreConfigCache(client, outside.redis),
        hook_secret=hook_secret(settings.secret_key, credentials.domain),
        quiet_s=settings.bigcommerce_quiet_seconds,
        news_s=settings.bigcommerce_news_seconds,
    )


def _shopify_order(domain: str, order_id: int) -> str:
    handle = domain.removesuffix(".myshopify.com")
    return f"https://admin.shopify.com/store/{quote(handle, safe='')}/orders/{order_id}"


def _bigcommerce_order(store_hash: str, order_id: int) -> str:
    return f"https://store-{quote(store_hash, safe='')}.mybigcommerce.com/manage/orders/{order_id}"


def _shopify_search(domain: str, text: str) -> str:
    handle = domain.removesuffix(".myshopify.com")
    store = quote(handle, safe="")
    return f"https://admin.shopify.com/store/{store}/orders?query={quote(text, safe='')}"


def _bigcommerce_search(store_hash: str, text: str) -> str:
    """The list of orders, where the text is typed again: no address is documented that takes it."""
    return f"https://store-{quote(store_hash, safe='')}.mybigcommerce.com/manage/orders"


PLATFORMS: Mapping[str, PlatformKind] = {
    "bigcommerce": PlatformKind(
        _bigcommerce_webhooks,
        _bigcommerce,
        "BigCommerce",
        _bigcommerce_order,
        _bigcommerce_search,
        traits=bigcommerce.TRAITS,
        renew_access=_by_hand_alone,
        erased_after=timedelta(hours=48),
        frames=Frames(bigcommerce_frames.ancestors),
        access_place="the API account in BigCommerce's settings",
    ),
    "shopify": PlatformKind(
        _shopify_webhooks,
        _shopify,
        "Shopify",
        _shopify_order,
        _shopify_search,
        traits=shopify.TRAITS,
        renew_access=shopify_auth.renew_access,
        frames=Frames(
            shopify_frames.ancestors,
            shopify_frames.APP_BRIDGE,
            shopify_frames.app_key,
            shopify_frames.entrance,
            shopify_frames.address,
        ),
        access_place="your app in Shopify's admin",
        token_settings=("shopify_client_id", "shopify_client_secret"),
    ),
}
