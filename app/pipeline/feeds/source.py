"""Where a feed is, as a merchant writes it, and what is kept of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import msgspec

from app.db import sealing
from app.db.models import FeedRow

KINDS = {"https": 443, "sftp": 22}
"""What feeds may be, each with its usual port."""

LARGEST_FILE = 16 * 1024 * 1024
LONGEST_RUN_S = 40.0
"""Less than the lease of a shop (`app.db.shops.LEASE`), which the run holds."""

_LONGEST_ADDRESS = 2000


class AddressRefused(ValueError):
    """The address can't be a feed's; the text says what to write."""


class Login(msgspec.Struct, frozen=True, omit_defaults=True):
    """The whole address, which may hold a secret, and who we are there. `private_key` is in OpenSSH's or
    PEM form, encrypted by `password` where it is encrypted."""

    url: str
    user: str = ""
    password: str = ""
    private_key: str = ""


@dataclass(frozen=True, slots=True)
class FeedAddress:
    """An address taken apart; `path` is still percent-encoded."""

    kind: str
    host: str
    port: int
    path: str
    query: str
    user: str
    password: str

    @property
    def shown(self) -> str:
        """What people may see: no query and no password, for either may be a secret."""
        port = "" if self.port == KINDS[self.kind] else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return urlunsplit((self.kind, host + port, self.path, "…" if self.query else "", ""))


def read_address(url: str) -> FeedAddress:
    """Take an address apart. Raises `AddressRefused`."""
    text = url.strip()
    if len(text) > _LONGEST_ADDRESS or re.search(r"[\s\x00-\x1f\x7f\\]", text):
        raise AddressRefused("Write an address without spaces, of at most 2,000 characters.")
    try:
        parts = urlsplit(text)
        host, port = _host(parts.hostname), parts.port
    except ValueError as error:
        raise AddressRefused("This is not an address.") from error
    if parts.scheme not in KINDS:
        raise AddressRefused("Write an address that begins with https:// or sftp://.")
    if not host or port == 0:
        raise AddressRefused("The address names no server.")
    return FeedAddress(
        parts.scheme,
        host,
        port or KINDS[parts.scheme],
        quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._"),
        quote(parts.query, safe="/%:@!$&'()*+,;=~-._?"),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def _host(name: str | None) -> str:
    """In the letters that the domain name system knows."""
    if not name or ":" in name:
        return name or ""
    return name.encode("idna").decode("ascii")


def open_login(feed: FeedRow, keys: Sequence[str]) -> Login:
    """Who we are there. Raises `NeedsOperator` if no key opens it."""
    text = sealing.unseal(feed.sealed, keys, whose=f"login of the feed {feed.name}")
    return msgspec.json.decode(text, type=Login)


def seal_login(login: Login, keys: Sequence[str]) -> str:
    """To be kept."""
    return sealing.seal(msgspec.json.encode(login).decode(), keys)
