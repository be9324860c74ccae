"""Webhooks: who is subscribed, what is on its way, what is tried again.

Deliveries may be late, doubled, lost and out of order, as Shopify says they may be:
https://shopify.dev/docs/apps/build/webhooks. `WebhookSender` is the postman of the demo; tests take
deliveries out of the queue themselves.
"""

import base64
import hashlib
import hmac
import json
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

API_VERSION = "2026-10"
# Eight more tries within four hours, each wait twice the one before.
RETRY_AFTER_S = tuple(4 * 3600 * 2**n / 255 for n in range(8))
FAILURES_BEFORE_REMOVAL = 8
TIMEOUT_S = 5
SUCCESS = range(200, 300)

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


@dataclass(frozen=True)
class PendingDelivery:
    """One HTTP request that Shopify means to send: to `address`, with these headers and raw bytes."""

    headers: Mapping[str, str]
    body: bytes
    topic: str
    address: str
    due_at: datetime
    serial: int
    subscription_id: int | None = None
    tries: int = 0


@dataclass
class WebhookKnobs:
    """How badly deliveries behave; everything is drawn from the shop's own random numbers."""

    delay_s: tuple[float, float] = (0, 0)
    duplicate_rate: float = 0
    loss_rate: float = 0
    is_shuffled: bool = False
    uses_unprefixed_headers: bool = False


@dataclass
class WebhookQueue:
    """The queue of one shop. Compliance topics go to `compliance_address`, subscribed or not."""

    clock: Callable[[], datetime]
    random: random.Random
    domain: str
    secret: str
    compliance_address: str | None = None
    knobs: WebhookKnobs = field(default_factory=WebhookKnobs)
    subscriptions: dict[int, WebhookSubscription] = field(default_factory=dict)
    announced: list[str] = field(default_factory=list)
    given_up: list[PendingDelivery] = field(default_factory=list)
    _waiting: list[PendingDelivery] = field(default_factory=list)
    _serial: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

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
        if self.random.random() < self.knobs.loss_rate:
            return
        wanted = subscription.include_fields if subscription else ()
        body = json.dumps(_only(payload, wanted) if wanted else payload).encode()
        number = subscription.subscription_id if subscription else None
        delivery = PendingDelivery(
            self._headers(topic, body, event_id, name=subscription.name if subscription else None),
            body,
            topic,
            address,
            self._due_at(),
            self._next_serial(),
            number,
        )
        self._waiting.append(delivery)
        if self.random.random() < self.knobs.duplicate_rate:
            self._waiting.append(replace(delivery, due_at=self._due_at(), serial=self._next_serial()))

    def _due_at(self) -> datetime:
        return self.clock() + timedelta(seconds=self.random.uniform(*self.knobs.delay_s))

    def _next_serial(self) -> int:
        self._serial += 1
        return self._serial

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

    def take_due(self, now: datetime) -> list[PendingDelivery]:
        """What is to be sent by now; each must be `answered`, or it counts as lost on the way."""
        with self._lock:
            due = [one for one in self._waiting if one.due_at <= now]
            self._waiting = [one for one in self._waiting if one.due_at > now]
            due.sort(key=lambda one: (one.due_at, one.serial))
            if self.knobs.is_shuffled:
                self.random.shuffle(due)
            return due

    def waiting(self) -> list[PendingDelivery]:
        """Everything not yet taken, soonest first."""
        with self._lock:
            return sorted(self._waiting, key=lambda one: (one.due_at, one.serial))

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
                due_at = self.clock() + timedelta(seconds=RETRY_AFTER_S[delivery.tries])
                self._waiting.append(replace(delivery, due_at=due_at, tries=delivery.tries + 1))
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


class WebhookSender(threading.Thread):
    """Posts what is due, until stopped."""

    def __init__(self, queue: WebhookQueue, *, pause_s: float = 0.2) -> None:
        super().__init__(name=f"webhooks of {queue.domain}", daemon=True)
        self._queue = queue
        self._pause_s = pause_s
        self._stopping = threading.Event()

    def run(self) -> None:
        """Send, wait a moment, send."""
        with requests.Session() as session:
            while not self._stopping.wait(self._pause_s):
                for delivery in self._queue.take_due(self._queue.clock()):
                    self._queue.answered(delivery, _post(session, delivery))

    def stop(self) -> None:
        """End after the delivery under way."""
        self._stopping.set()
        self.join()


def _post(session: requests.Session, delivery: PendingDelivery) -> int | None:
    try:
        answer = session.post(
            delivery.address,
            data=delivery.body,
            headers=dict(delivery.headers),
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )
    except requests.RequestException:
        return None
    return answer.status_code
