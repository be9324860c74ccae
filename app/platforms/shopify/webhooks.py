"""Shopify's webhooks: verified on the raw bytes, then read into facts.

Headers and signature: shopify.dev/docs/apps/build/webhooks/delivery-structure.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime

import msgspec

from app.core.bounds import is_within_reach
from app.errors import RejectedWebhook
from app.platforms.base import Delivery
from app.platforms.shopify.payloads import UNREADABLE, Moment
from app.platforms.shopify.topics import TOPICS

HEADER_FAMILIES = ("x-shopify-", "shopify-")
LONGEST_HEADER = 255
SHOP_DOMAIN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-]*\.myshopify\.com")


class ShopifyWebhooks:
    """Verifies with the app's client secret. While a secret is being rotated Shopify signs with the
    oldest one not yet revoked, so the previous one is believed too."""

    def __init__(self, secret: str, previous_secret: str | None) -> None:
        self._secrets = [key.encode() for key in (secret, previous_secret) if key]

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Verify one request and read its body.

        Raises `RejectedWebhook`: 401 if the signature or the shop can't be believed, 400 if a header
        that every webhook has is missing. Headers are not signed, so the shop is compared with the
        body where that names one.
        """
        named = _shopify_headers(headers)
        self._verify(named.get("hmac-sha256", ""), body)
        domain = _shop_domain(named.get("shop-domain", ""), body)
        event_id = named.get("event-id", "")
        delivery = Delivery(
            shop_domain=domain,
            topic=_required(named, "topic"),
            delivery_id=_required(named, "webhook-id"),
            event_id=event_id if _is_storable(event_id) else None,
            body_hash=hashlib.sha256(body).hexdigest(),
            triggered_at=_moment(named.get("triggered-at", "")),
        )
        return _with_facts(delivery, body)

    def _verify(self, signature: str, body: bytes) -> None:
        given = signature.encode(errors="replace")
        digests = [hmac.digest(secret, body, "sha256") for secret in self._secrets]
        matches = [hmac.compare_digest(base64.b64encode(digest), given) for digest in digests]
        if not any(matches):
            raise RejectedWebhook("the body is not signed with this app's secret", reason="signature")


def _shopify_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Shopify's headers by their name after the prefix; the X- family wins where both are sent."""
    lowered = {name.lower(): value for name, value in headers.items()}
    return {
        name.removeprefix(family): value
        for family in reversed(HEADER_FAMILIES)
        for name, value in lowered.items()
        if name.startswith(family)
    }


def _required(named: Mapping[str, str], name: str) -> str:
    value = named.get(name, "")
    if not _is_storable(value):
        raise RejectedWebhook(f"the header {name} is missing or malformed", reason="headers", status=400)
    return value


def _is_storable(value: str) -> bool:
    return 0 < len(value) <= LONGEST_HEADER and value.isprintable()


def _shop_domain(claimed: str, body: bytes) -> str:
    domain = claimed.lower()
    if len(domain) > LONGEST_HEADER or not SHOP_DOMAIN.fullmatch(domain):
        raise RejectedWebhook("the header names no Shopify shop", reason="shop")
    if any(name.lower() != domain for name in _domains_in(body)):
        raise RejectedWebhook("the header and the body name different shops", reason="shop")
    return domain


class _ShopNamed(msgspec.Struct):
    myshopify_domain: str | None = None
    shop_domain: str | None = None


def _domains_in(body: bytes) -> list[str]:
    """The shops that the body itself names; none if it can't be read, which is reported later."""
    try:
        named = msgspec.json.decode(body, type=_ShopNamed)
    except UNREADABLE:
        return []
    return [name for name in (named.myshopify_domain, named.shop_domain) if name]


def _moment(text: str) -> datetime | None:
    try:
        moment = msgspec.convert(text, type=Moment)
    except msgspec.ValidationError:
        return None
    return moment if is_within_reach(moment) else None


def _with_facts(delivery: Delivery, body: bytes) -> Delivery:
    topic = TOPICS.get(delivery.topic)
    if topic is None:
        return msgspec.structs.replace(delivery, is_ignored=True)
    try:
        return msgspec.structs.replace(delivery, facts=topic.read(body))
    except UNREADABLE as error:
        problem = f"the body of {delivery.topic} can not be read: {error}"
        return msgspec.structs.replace(delivery, problem=problem)
