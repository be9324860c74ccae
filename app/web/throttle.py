"""How often somebody may try to sign in: per account and per address, counted in Redis for all web
processes together."""

import hashlib
import ipaddress
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, request
from flask_limiter import Limiter

from app.db import staff
from app.pipeline.runtime import Runtime

PER_ACCOUNT = "10 per 15 minutes"
PER_ADDRESS = "50 per 15 minutes"
_IPV6_CUSTOMER = 64

V = TypeVar("V", bound=Callable[..., Any])


def make_throttle(app: Flask, runtime: Runtime) -> Callable[[V], V]:
    """A decorator for the view that checks passwords. Without Redis it raises `redis.RedisError`
    rather than let anybody guess."""
    limiter = Limiter(
        _caller,
        app=app,
        strategy="moving-window",
        storage_uri="redis://",
        # The runtime's own connections: an embedded Redis has no address that is known beforehand.
        storage_options={"connection_pool": runtime.redis.connection_pool},  # type: ignore[dict-item]
        key_prefix="signing-in",
    )

    def throttle(view: V) -> V:
        by_address = limiter.limit(PER_ADDRESS, methods=["POST"])
        by_account = limiter.limit(PER_ACCOUNT, methods=["POST"], key_func=_account)
        return cast("V", by_address(by_account(view)))

    return throttle


def _account() -> str:
    """The address that is tried, whether or not anybody has it; Redis need not know it."""
    given = request.form.get("email", "")
    return hashlib.sha256((staff.read_address(given) or given).encode()).hexdigest()


def _caller() -> str:
    """A network address. Whoever has one IPv6 address has the 2**64 around it."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if address.version == 4 or address.ipv4_mapped:  # noqa: PLR2004 -- the version's number is its name
        return str(getattr(address, "ipv4_mapped", None) or address)
    return str(ipaddress.ip_network((address, _IPV6_CUSTOMER), strict=False))
