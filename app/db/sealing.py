"""Secrets of merchants, encrypted: what is kept can be read with ENCRYPTION_KEYS alone."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.errors import NeedsOperator

_NO_KEY_S = 60.0


def seal(secret: str, keys: Sequence[str]) -> str:
    """Encrypt with the newest key."""
    return _fernet(keys).encrypt(secret.encode()).decode()


def unseal(sealed: str, keys: Sequence[str], *, whose: str) -> str:
    """What was sealed. Raises `NeedsOperator` if no key opens it; `whose` says what it belongs to."""
    try:
        return _fernet(keys).decrypt(sealed).decode()
    except InvalidToken as error:
        raise NeedsOperator(
            f"No key in ENCRYPTION_KEYS opens the {whose}: add the key that was used before",
            after_s=_NO_KEY_S,
        ) from error


def reseal(sealed: str, keys: Sequence[str]) -> str:
    """The same, encrypted with the newest key. Raises `InvalidToken` if no key opens it."""
    return _fernet(keys).rotate(sealed).decode()


def _fernet(keys: Sequence[str]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
