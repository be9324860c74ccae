"""Shopify's global ids ("gid://shopify/Order/1") and the numbers in them."""

import re
from collections.abc import Iterable

_GID = re.compile(r"gid://shopify/(?P<kind>\w+)/(?P<number>\d{1,19})(?:\?.*)?")


def gid(kind: str, number: int) -> str:
    """The global id of a number."""
    return f"gid://shopify/{kind}/{number}"


def gids(kind: str, numbers: Iterable[int]) -> list[str]:
    """The global ids of many numbers."""
    return [gid(kind, number) for number in numbers]


def number_in(text: str, *, kind: str | None = None) -> int | None:
    """The number of a global id; None if the text is not one, or is of another kind."""
    found = _GID.fullmatch(text)
    if found is None or kind not in (None, found["kind"]):
        return None
    return int(found["number"])


def number_of(text: str) -> int:
    """The number of a global id that Shopify itself gave. Raises `ValueError` if it is not one."""
    number = number_in(text)
    if number is None:
        raise ValueError(f"not a Shopify id: {text[:80]!r}")
    return number
