"""What other people type, made fit to be stored."""

from decimal import Decimal, InvalidOperation
from functools import lru_cache

_IN_ONE = 10_000
_MOST = 2**63 - 1


def printable(text: str | None) -> str:
    """Text that can be stored: PostgreSQL refuses NUL."""
    return (text or "").replace("\0", "")


# What is sold has the same price in each order: to read one takes as long as the rest of its line item.
@lru_cache(maxsize=4096)
def ten_thousandths(amount: str | float | None) -> int | None:
    """An amount of money as platforms write it ("12.90") in ten-thousandths of its unit; None where
    it is none that could be meant."""
    try:
        exact = Decimal(str(amount)) * _IN_ONE
    except InvalidOperation:
        return None
    return round(exact) if exact.is_finite() and 0 <= exact <= _MOST else None
