"""Webhooks: who is subscribed, what is on its way, what is tried again.

Deliveries may be late, doubled, lost and out of order, as Shopify says they may be:
https://shopify.dev/docs/apps/build/webhooks.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.sandbox import deliveries
from app.sandbox.deliveries import SUCCESS, DeliveryQueue, PendingDelivery

API_VERSION = "2026-10"
# Eight more tries within four hours, each wait twice the one before.
RETRY_AFTER_S = tuple(4 * 3600 * 2**n / 255 for n in range(8))
FAILURES_BEFORE_REMOVAL = 8

COMPLIANCE_TOPICS = frozenset({"customers/data_request", "customers/redact", "shop/redact"})


@dataclass
class WebhookSubscription:
    """One topic to one address, as asked for through the API."""

    subscription_id: int
    topic: str
    uri: str
    created_at: datetime
    updated_at: datetime
    filter: str | None = None
    include_fields: tuple[str, ...] = ()
    name: str | None = None
    consecutive_failures: int = 0


@dataclass
class WebhookKnobs(deliveries.WebhookKnobs):
    """Shopify names its headers with and without the prefix `X-`."""

    uses_unprefixed_headers: bool = False


@dataclass
class WebhookQueue(DeliveryQueue):
    """The queue of one shop. Compliance topics go to `compliance_address`, subscribed or not."""

    _: KW_ONLY
    domain: str
    secret: str
    compliance_address: str | None = None
    knobs: WebhookKnobs = field(default_factory=WebhookKnobs)
    subscriptions: dict[int, WebhookSubscription] = field(default_factory=dict)

    def announce(self, topic: str, build: Callable[[], Mapping[str, Any]], *, event_id: str) -> None:
        """Queue one delivery an address; nobody listening costs nothing."""
        with self._lock:
            addresses = self._addresses(topic)
            if not addresses:
                return
            payload = build()
            self.announced.append(topic)
            for address, subscription in addresses:
                self._enqueue(topic, payload, address, subscription, event_id)

    def _addresses(self, topic: str) -> list[tuple[str, WebhookSubscription | None]]:
        if topic in COMPLIANCE_TOPICS:
            return [(self.compliance_address, None)] if self.compliance_address else []
        return [(one.uri, one) for one in self.subscriptions.values() if one.topic == topic]

    def _enqueue(
        self,
        topic: str,
        payload: Mapping[str, Any],
        address: str,
        subscription: WebhookSubscription | None,
        event_id: str,
    ) -> None:
        if self.is_lost():
            return
        wanted = subscription.include_fields if subscription else ()
        body = json.dumps(_only(payload, wanted) if wanted else payload).encode()
        name = subscription.name if subscription else None
        number = subscription.subscription_id if subscription else None
        headers = self._headers(topic, body, event_id, name=name)
        self.post(topic, body, headers, address=address, subscription_id=number)

    def _headers(self, topic: str, body: bytes, event_id: str, *, name: str | None) -> dict[str, str]:
        prefix = "" if self.knobs.uses_unprefixed_headers else "X-"
        headers = {
            "Topic": topic,
            "Hmac-Sha256": base64.b64encode(
                hmac.digest(self.secret.encode(), body, hashlib.sha256)
            ).decode(),
            "Shop-Domain": self.domain,
            "API-Version": API_VERSION,
            "Webhook-Id": f"{self.random.getrandbits(128):032x}",
            "Triggered-At": self.clock().astimezone(UTC).isoformat(),
            "Event-Id": event_id,
        }
        if name:
            headers["Name"] = name
        named = {f"{prefix}Shopify-{key}": value for key, value in headers.items()}
        return {"Content-Type": "application/json", **named}

    def answered(self, delivery: PendingDelivery, status: int | None) -> None:
        """What the address said, None for nothing at all: anything but 2xx is tried again."""
        with self._lock:
            subscription = self.subscriptions.get(delivery.subscription_id or 0)
            if status in SUCCESS:
                if subscription:
                    subscription.consecutive_failures = 0
                return
            if subscription:
                subscription.consecutive_failures += 1
            if delivery.tries < len(RETRY_AFTER_S):
                self.try_again(delivery, in_s=RETRY_AFTER_S[delivery.tries])
            else:
                self._give_up(delivery, subscription)

    def _give_up(self, delivery: PendingDelivery, subscription: WebhookSubscription | None) -> None:
        """Shopify removes a subscription made through the API once its address fails for good."""
        self.given_up.append(delivery)
        if subscription and subscription.consecutive_failures >= FAILURES_BEFORE_REMOVAL:
            del self.subscriptions[subscription.subscription_id]


def _only(payload: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    """The wanted fields of a payload; a dotted name reaches into an object, or into each of a list."""
    below: dict[str, list[str]] = {}
    for field_name in wanted:
        top, _, rest = field_name.partition(".")
        below.setdefault(top, []).append(rest)
    shown: dict[str, Any] = {}
    for key, value in payload.items():
        inner = [name for name in below.get(key, ()) if name]
        if key in below and len(inner) < len(below[key]):
            shown[key] = value
        elif inner and isinstance(value, list):
            shown[key] = [_only(one, inner) for one in value]
        elif inner and isinstance(value, Mapping):
            shown[key] = _only(value, inner)
    return shown
