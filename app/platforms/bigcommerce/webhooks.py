"""BigCommerce's webhooks: believed for their secret header, and for their signature where there is one.

Signatures follow the Standard Webhooks specification, keyed by the bytes of the app's client secret:
developer.bigcommerce.com/docs/integrations/webhooks/https-webhook-overview.
"""

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.core.bounds import is_within_reach
from app.errors import RejectedWebhook
from app.platforms.base import Delivery
from app.platforms.bigcommerce.scopes import find_scope
from app.platforms.bigcommerce.secret import HEADER, hook_secret

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)

_LONGEST_ID = 255
_LONGEST_TIMESTAMP = 12
_STORE_HASH = re.compile(r"[a-z0-9]{3,32}")


class _Envelope(msgspec.Struct):
    """What every callback says of itself; `hash` is no proof of anything."""

    scope: str
    producer: str
    data: msgspec.Raw = msgspec.Raw(b"{}")
    hash: str = ""
    created_at: int = 0


class BigCommerceWebhooks:
    """`secret_keys` are our own key and the one before it, of which each store's header is made;
    `client_secrets` likewise those of the app. A tolerance of 0 seconds believes any age."""

    def __init__(
        self,
        *,
        secret_keys: Sequence[str],
        client_secrets: Sequence[str],
        is_signature_required: bool,
        tolerance_s: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._secret_keys = [key for key in secret_keys if key]
        self._client_secrets = [secret.encode() for secret in client_secrets if secret]
        self._is_signature_required = is_signature_required
        self._tolerance_s = tolerance_s
        self._clock = clock

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Verify one request and read its body. Raises `RejectedWebhook` if it can't be believed."""
        named = {name.lower(): value for name, value in headers.items()}
        store_hash = self._verify_secret(named.get(HEADER.lower(), ""))
        self._verify_signature(named, body)
        return _delivery(named, store_hash, body)

    def _verify_secret(self, given: str) -> str:
        """The store whose secret it is."""
        store_hash, _, _ = given.partition(".")
        is_readable = _STORE_HASH.fullmatch(store_hash) is not None
        expected = [hook_secret(key, store_hash).encode() for key in self._secret_keys if is_readable]
        if not _is_any(given.encode(errors="replace"), expected):
            raise RejectedWebhook(f"the header {HEADER} is no store's secret", reason="secret")
        return store_hash

    def _verify_signature(self, named: Mapping[str, str], body: bytes) -> None:
        """Any signature of the list by either secret will do, as the specification says. An app that was
        not given its client secret can't tell a good one: the store's own header must do then."""
        signatures = named.get("webhook-signature", "") if self._client_secrets else ""
        if not signatures:
            if self._is_signature_required:
                raise RejectedWebhook("the webhook's signature can't be verified", reason="signature")
            return
        message_id, timestamp = named.get("webhook-id", ""), named.get("webhook-timestamp", "")
        self._verify_age(timestamp)
        signed = f"{message_id}.{timestamp}.".encode() + body
        expected = [hmac.digest(secret, signed, "sha256") for secret in self._client_secrets]
        given = [_digest(one) for one in signatures.split(" ")]
        if not any([_is_any(one, expected) for one in given if one is not None]):  # noqa: C419 -- no early end
            raise RejectedWebhook("the webhook is not signed with this app's secret", reason="signature")

    def _verify_age(self, timestamp: str) -> None:
        """The header, in Unix seconds, must be near our own clock, both ways."""
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= _LONGEST_TIMESTAMP):
            raise RejectedWebhook("the webhook's timestamp is malformed", reason="timestamp")
        if self._tolerance_s and abs(self._clock() - int(timestamp)) > self._tolerance_s:
            raise RejectedWebhook(
                "the webhook is too old, or from the future: check this machine's clock, or raise "
                "BIGCOMMERCE_SIGNATURE_TOLERANCE_SECONDS",
                reason="timestamp",
            )


def _is_any(given: bytes, expected: Collection[bytes]) -> bool:
    """Compared in constant time, all of them."""
    return any([hmac.compare_digest(given, one) for one in expected])  # noqa: C419 -- no early end


def _digest(signature: str) -> bytes | None:
    """The bytes of `v1,base64`; None for another version or nonsense."""
    version, _, encoded = signature.partition(",")
    try:
        return (
            base64.b64decode(encoded.encode(errors="replace"), validate=True)
            if version == "v1"
            else None
        )
    except binascii.Error:
        return None


def _delivery(named: Mapping[str, str], store_hash: str, body: bytes) -> Delivery:
    body_hash = hashlib.sha256(body).hexdigest()
    message_id = named.get("webhook-id", "")
    is_usable = _is_storable(message_id)
    delivery = Delivery(
        shop_domain=store_hash,
        topic="unknown",
        delivery_id=message_id if is_usable else body_hash,
        event_id=None,
        body_hash=body_hash,
        triggered_at=None,
    )
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
    except UNREADABLE as error:
        return msgspec.structs.replace(delivery, problem=f"the body can not be read: {error}")
    if envelope.producer != f"stores/{store_hash}":
        raise RejectedWebhook("the body is of another store than the secret", reason="shop")
    return _with_facts(_named(delivery, envelope, has_id=is_usable), envelope)


def _is_storable(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_ID and text.isprintable()


def _named(delivery: Delivery, envelope: _Envelope, *, has_id: bool) -> Delivery:
    """With its scope, and, where nothing names the delivery, known by what is the same each time that
    it is sent: producer, scope, hash, time of creation; and the data, since nobody says that two
    events of one second have two hashes."""
    parts = (envelope.producer, envelope.scope, envelope.hash, str(envelope.created_at))
    told = "\n".join(parts).encode(errors="replace") + b"\n" + bytes(envelope.data)
    same = hashlib.sha256(told).hexdigest()
    return msgspec.structs.replace(
        delivery,
        topic=envelope.scope if _is_storable(envelope.scope) else "unknown",
        delivery_id=delivery.delivery_id if has_id else same,
        triggered_at=_moment(envelope.created_at),
    )


def _moment(seconds: int) -> datetime | None:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return moment if is_within_reach(moment) else None


def _with_facts(delivery: Delivery, envelope: _Envelope) -> Delivery:
    scope = find_scope(envelope.scope)
    if scope is None:
        return msgspec.structs.replace(delivery, is_ignored=True)
    try:
        data: Any = msgspec.json.decode(envelope.data)
        return msgspec.structs.replace(delivery, facts=scope.read(data))
    except UNREADABLE as error:
        problem = f"the body of {delivery.topic} can not be read: {error}"
        return msgspec.structs.replace(delivery, problem=problem)
