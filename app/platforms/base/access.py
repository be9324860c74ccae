"""Who the shop is, what we may do there, and what it takes to call it."""

from collections.abc import Callable
from enum import StrEnum

import msgspec


class ShopProfile(msgspec.Struct, frozen=True):
    """What the platform says of the shop and of our access to it. `currency` is an ISO 4217 code, empty
    where it is not told. `limits` says in sentences what does
    not work with the shop's present settings, and which one to change."""

    domain: str
    name: str
    time_zone: str
    locale: str
    scopes: tuple[str, ...]
    missing_scopes: tuple[str, ...]
    api_version: str
    limits: tuple[str, ...] = ()
    currency: str = ""


class Registered(StrEnum):
    """What became of registering a webhook topic that is sent to us now."""

    CREATED = "created"
    KEPT = "kept"
    UPDATED = "updated"


class Subscription(msgspec.Struct, frozen=True):
    """One webhook topic and what became of registering it, or how it stands: one of `Registered`, else
    what is wrong in words (the platform's refusal, "not registered")."""

    topic: str
    outcome: str

    @property
    def is_right(self) -> bool:
        """Whether the topic is sent to us now."""
        return self.outcome in set(Registered)


class Grant(msgspec.Struct, frozen=True):
    """What a platform gave us access with: a token, how long it lasts (None: until it is revoked), and
    what renews it, for how long. A token that ends and has no refresh token is asked for anew with the
    app's own credentials. What it may do, the shop's profile tells."""

    access_token: str
    expires_in_s: float | None = None
    refresh_token: str | None = None
    refresh_expires_in_s: float | None = None

    def __repr__(self) -> str:
        """Without the tokens, as `Credentials`."""
        return f"Grant(expires_in_s={self.expires_in_s!r})"


class Credentials(msgspec.Struct, frozen=True):
    """What it takes to call one shop: our id of it, the platform's name of it, its access token.

    `renew` takes a token that the platform refused and returns another one; it raises `NeedsMerchant`
    where there is none.
    """

    shop_id: int
    domain: str
    token: str
    renew: Callable[[str], str] | None = None

    def __repr__(self) -> str:
        """Without the token: this value may end up in a traceback or a log."""
        return f"Credentials(shop_id={self.shop_id}, domain={self.domain!r})"
