"""Hooks: who listens to what, what each delivery looks like, what becomes of one that fails.

https://docs.bigcommerce.com/developer/docs/integrations/webhooks. Each callback carries the static
headers of its hook, and the signature of Standard Webhooks, keyed by the raw bytes of the client secret.
"""

import base64
import hashlib
import hmac
import json
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from app.sandbox import deliveries
from app.sandbox.deliveries import SUCCESS, DeliveryQueue, PendingDelivery

RETRY_AFTER_S = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400)
QUIET_UNTIL_DEACTIVATED = timedelta(days=90)

BLOCK_WINDOW = timedelta(minutes=2)
BLOCK_FROM_REQUESTS = 100
BLOCK_BELOW_SUCCESS = 0.9
BLOCKED_FOR = timedelta(minutes=3)


@dataclass
class Hook:
    """One scope to one destination, as asked for through the API."""

    hook_id: int
    scope: str
    destination: str
    headers: dict[str, str]
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime
    is_active: bool = True
    is_deactivated: bool = False

    def hears(self, scope: str) -> bool:
        """Whether it wants this event."""
        if not self.is_active:
            return False
        return self.scope == scope or (self.scope.endswith("/*") and scope.startswith(self.scope[:-1]))


@dataclass
class WebhookKnobs(deliveries.WebhookKnobs):
    """BigCommerce documents ids as numbers and as strings. Whether it signs every hook, and anew on
    each retry, is not documented."""

    has_string_ids: bool = False
    is_signed: bool = True
    keeps_first_timestamp: bool = False


@dataclass
class _Record:
    """The last answers of one destination's domain."""

    answers: deque[tuple[datetime, bool]] = field(default_factory=deque)
    blocked_until: datetime | None = None


@dataclass
class WebhookQueue(DeliveryQueue):
    """The hooks of one store and their deliveries."""

    _: KW_ONLY
    store_hash: str
    store_id: int
    secret: str
    knobs: WebhookKnobs = field(default_factory=WebhookKnobs)
    subscriptions: dict[int, Hook] = field(default_factory=dict)
    _records: dict[str, _Record] = field(default_factory=dict)

    def announce(self, scope: str, data: Mapping[str, Any]) -> None:
        """Queue one delivery a hook that wants it."""
        with self._lock:
            hooks = [hook for hook in self.subscriptions.values() if hook.hears(scope)]
            if hooks:
                self.announced.append(scope)
            body = self._body(scope, data)
            for hook in hooks:
                self._enqueue(hook, scope, body)

    def _body(self, scope: str, data: Mapping[str, Any]) -> bytes:
        wanted = _with_string_ids(data) if self.knobs.has_string_ids else data
        payload = {"scope": scope, "store_id": str(self.store_id), "data": wanted}
        digest = hashlib.sha1(json.dumps(payload).encode(), usedforsecurity=False).hexdigest()
        created_at = int(self.clock().timestamp())
        producer = f"stores/{self.store_hash}"
        return json.dumps(
            {**payload, "hash": digest, "created_at": created_at, "producer": producer}
        ).encode()

    def _enqueue(self, hook: Hook, scope: str, body: bytes) -> None:
        hook.last_used_at = self.clock()
        if self.is_lost():
            return
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "BigCommerce-Webhooks",
            **hook.headers,
        }
        if self.knobs.is_signed:
            headers["webhook-id"] = f"msg_{self.random.getrandbits(96):024x}"
            headers["webhook-timestamp"] = str(int(self.clock().timestamp()))
        self.post(scope, body, headers, address=hook.destination, subscription_id=hook.hook_id)

    def take_due(self, now: datetime) -> list[PendingDelivery]:
        """What is to be sent by now, signed as it leaves; what a block keeps back is tried again."""
        taken = []
        for delivery in super().take_due(now):
            if self.is_blocked(delivery.address):
                self._fail(delivery)
            else:
                taken.append(self._signed(delivery))
        return taken

    def _signed(self, delivery: PendingDelivery) -> PendingDelivery:
        if "webhook-id" not in delivery.headers:
            return delivery
        headers = dict(delivery.headers)
        if not self.knobs.keeps_first_timestamp:
            headers["webhook-timestamp"] = str(int(self.clock().timestamp()))
        headers["webhook-signature"] = sign(self.secret, headers, delivery.body)
        return replace(delivery, headers=headers)

    def answered(self, delivery: PendingDelivery, status: int | None) -> None:
        """What the address said, None for nothing at all: anything but 2xx is tried again."""
        with self._lock:
            is_success = status in SUCCESS
            self._judge(delivery.address, is_success=is_success)
            if not is_success:
                self._fail(delivery)

    def _fail(self, delivery: PendingDelivery) -> None:
        hook = self.subscriptions.get(delivery.subscription_id or 0)
        if delivery.tries < len(RETRY_AFTER_S):
            self.try_again(delivery, in_s=RETRY_AFTER_S[delivery.tries])
            return
        self.given_up.append(delivery)
        if hook:
            hook.is_active, hook.is_deactivated = False, True

    # Blocked destinations

    def is_blocked(self, address: str) -> bool:
        """Whether nothing is sent to the domain of an address for the time being."""
        record = self._records.get(urlsplit(address).netloc)
        return bool(record and record.blocked_until and self.clock() < record.blocked_until)

    def blocked(self) -> dict[str, timedelta]:
        """The domains blocked now, and for how much longer."""
        now = self.clock()
        return {
            domain: record.blocked_until - now
            for domain, record in self._records.items()
            if record.blocked_until and now < record.blocked_until
        }

    def _judge(self, address: str, *, is_success: bool) -> None:
        """Of a hundred requests or more in two minutes, nine of ten must succeed."""
        record, now = self._records.setdefault(urlsplit(address).netloc, _Record()), self.clock()
        record.answers.append((now, is_success))
        while record.answers[0][0] < now - BLOCK_WINDOW:
            record.answers.popleft()
        counts = Counter(success for _, success in record.answers)
        if counts.total() >= BLOCK_FROM_REQUESTS and counts[True] < BLOCK_BELOW_SUCCESS * counts.total():
            record.blocked_until = now + BLOCKED_FOR
            record.answers.clear()

    def tick(self) -> None:
        """Switch off what has been quiet for 90 days."""
        with self._lock:
            for hook in self.subscriptions.values():
                if hook.is_active and self.clock() - hook.last_used_at > QUIET_UNTIL_DEACTIVATED:
                    hook.is_active, hook.is_deactivated = False, True


def sign(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    """The value of `webhook-signature`."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.digest(secret.encode(), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def _with_string_ids(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _with_string_ids(value)
        if isinstance(value, Mapping)
        else str(value)
        if key == "id" or key.endswith(("_id", "Id"))
        else value
        for key, value in data.items()
    }
