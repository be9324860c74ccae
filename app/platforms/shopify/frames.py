"""The admin, in whose frames our pages stand."""

from app.platforms.http import origin
from app.settings import Settings

# Shopify's own address of it; the headers of a page in its admin allow it, and no other page has it:
# https://shopify.dev/docs/api/app-home
APP_BRIDGE = "https://cdn.shopify.com/shopifycloud/app-bridge.js"
_ADMIN = "https://admin.shopify.com"


def ancestors(settings: Settings, domain: str | None) -> str:
    """Where the admin of a shop, or (None) of any, is served: under its own domain, or all shops' one. A
    stand-in for Shopify shows us in frames of its own address."""
    shop = settings.shopify_base_url.replace("{shop}", domain or "*.myshopify.com")
    return f"{origin(shop)} {_ADMIN}"


def app_key(settings: Settings) -> str:
    """What App Bridge knows the app by."""
    return settings.shopify_client_id
