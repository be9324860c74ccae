"""The header that every webhook of a store must carry: it names the store, and is known to it alone."""

import hashlib
import hmac

HEADER = "X-Backline-Secret"


def hook_secret(secret_key: str, store_hash: str) -> str:
    """`hash.secret`: the value set when the store's webhooks are created. It is worked out of our own
    key, so that the web process needs no database to check it; it names the store, so that a genuine
    body that can't be read is known to be that store's."""
    message = f"bigcommerce webhooks of {store_hash}".encode()
    return f"{store_hash}.{hmac.new(secret_key.encode(), message, hashlib.sha256).hexdigest()}"
