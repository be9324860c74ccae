"""The admin, in whose frames our pages stand."""

from collections.abc import Mapping
from urllib.parse import urlencode

from app.platforms.http import origin
from app.settings import Settings

# Shopify's own address of it; the headers of a page in its admin allow it, and no other page has it:
# https://shopify.dev/docs/api/app-home
APP_BRIDGE = "https://cdn.shopify.com/shopifycloud/app-bridge.js"
_ADMIN = "https://admin.shopify.com"
# What the admin adds to the address of a page, and the one that opens the app as `application_url`
# has it: https://shopify.dev/docs/apps/build/authentication-authorization/session-tokens
_ADDED = frozenset(
    {"embedded", "hmac", "host", "id_token", "locale", "pass", "session", "shop", "timestamp"}
)
_HOME = "/shopify/app"


def ancestors(settings: Settings, domain: str | None) -> str:
    """Where the admin of a shop, or (None) of any, is served: under its own domain, or all shops' one. A
    stand-in for Shopify shows us in frames of its own address."""
    shop = settings.shopify_base_url.replace("{shop}", domain or "*.myshopify.com")
    return f"{origin(shop)} {_ADMIN}"


def app_key(settings: Settings) -> str:
    """What App Bridge knows the app by."""
    return settings.shopify_client_id


def entrance(path: str, arguments: Mapping[str, str]) -> str:
    """Where whoever the admin sent to a page of ours is let in, and led on to it."""
    if arguments.get("embedded") != "1" or not arguments.get("shop"):
        return ""
    own = {name: value for name, value in arguments.items() if name not in _ADDED}
    wanted = f"{path}?{urlencode(own)}" if own else path
    told = {name: arguments[name] for name in ("embedded", "shop", "id_token") if name in arguments}
    return f"{_HOME}?{urlencode({**told, 'to': wanted})}"


def address(domain: str) -> Mapping[str, str]:
    """The admin's navigation outlives every pass of ours: its links name the shop, and who they are for
    is asked of App Bridge."""
    return {"embedded": "1", "shop": domain}
