"""Callbacks as BigCommerce sends them."""

import base64
import hmac
from typing import Any

import msgspec

from app.platforms.bigcommerce.secret import HEADER, hook_secret

STORE = "towels1"
KEY = "our own key"
CLIENT_SECRET = "hush"
SENT_AT = 1795312800
MESSAGE_ID = "msg_2b54557e4bdd94b37"


def callback(scope: str, data: Any, *, store: str = STORE, **values: Any) -> bytes:
    """A body; `data` that is bytes is put into it as it is."""
    raw = data if isinstance(data, bytes) else msgspec.json.encode(data)
    envelope = {
        "scope": scope,
        "store_id": "1025646",
        "hash": "dd70c0976e06b67aaf671e73f49dcb79230ebf9d",
        "created_at": SENT_AT,
        "producer": f"stores/{store}",
        **values,
    }
    return msgspec.json.encode(envelope)[:-1] + b',"data":' + raw + b"}"


def secret_of(store: str = STORE, *, key: str = KEY) -> dict[str, str]:
    """The store's secret header alone, as an unsigned callback carries it."""
    return {HEADER: hook_secret(key, store)}


def signature(
    body: bytes, *, secret: str = CLIENT_SECRET, message_id: str = MESSAGE_ID, at: int = SENT_AT
) -> str:
    """One signature by the Standard Webhooks specification."""
    digest = hmac.digest(secret.encode(), f"{message_id}.{at}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def signed(body: bytes, *, secret: str = CLIENT_SECRET, at: int = SENT_AT) -> dict[str, str]:
    """All headers of a genuine callback."""
    return {
        **secret_of(),
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(body, secret=secret, at=at),
    }
