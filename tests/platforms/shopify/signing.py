"""Headers as Shopify sends them."""

import base64
import hashlib
import hmac

SECRET = "hush"
DOMAIN = "towels.myshopify.com"


def signature(body: bytes, *, secret: str = SECRET) -> str:
    """The value of the HMAC header."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def signed(topic: str, body: bytes, *, secret: str = SECRET, domain: str = DOMAIN) -> dict[str, str]:
    """All headers of a genuine delivery."""
    return {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature(body, secret=secret),
        "X-Shopify-Shop-Domain": domain,
        "X-Shopify-API-Version": "2026-10",
        "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "X-Shopify-Event-Id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
        "X-Shopify-Triggered-At": "2026-11-22T10:00:00.123456789Z",
    }
