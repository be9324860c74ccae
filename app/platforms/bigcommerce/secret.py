"""The header that every webhook of a store must carry: nobody else can know it."""

import hashlib
import hmac

HEADER = "X-Backline-Secret"


def hook_secret(secret_key: str, store_hash: str) -> str:
    """The store's own secret, set when its webhooks are created. It is worked out of our own key, so
    that the web process needs no database to check it."""
    message = f"bigcommerce webhooks of {store_hash}".encode()
    return hmac.new(secret_key.encode(), message, hashlib.sha256).hexdigest()
