"""The webhooks of a store: made when it connects, looked at again every hour.

A hook dies after its last retry, and after 90 quiet days:
developer.bigcommerce.com/docs/integrations/webhooks.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec

from app.platforms.base import Registered, Subscription
from app.platforms.bigcommerce.answers import read
from app.platforms.bigcommerce.client import BigCommerceClient, words_of
from app.platforms.bigcommerce.scopes import SCOPES
from app.platforms.bigcommerce.secret import HEADER

_PAGE = 250


class _Hook(msgspec.Struct):
    id: int
    scope: str
    destination: str
    is_active: bool = True
    headers: dict[str, str] | None = None


class _Blocked(msgspec.Struct):
    """A destination that nothing is sent to for now: a domain, or its address."""

    destination: str = ""


class _Admin(msgspec.Struct):
    blocked_domains: list[_Blocked] = []


class _AdminBody(msgspec.Struct):
    data: _Admin = msgspec.field(default_factory=_Admin)


def register_webhooks(client: BigCommerceClient, address: str, *, secret: str) -> list[Subscription]:
    """Make the store send every scope to `address` with its secret; keeps what is right, wakes what
    was switched off, and removes older ones of ours that go elsewhere."""
    standing = _standing(client)
    blocked = _blocked(client, address)
    result = []
    for scope, mine in standing.items():
        outcome = _put_right(client, scope, mine, address=address, secret=secret)
        result.append(Subscription(scope, blocked or outcome))
    return result


def check_webhooks(client: BigCommerceClient, address: str, *, secret: str) -> list[Subscription]:
    """How the hooks stand that `register_webhooks` would see to."""
    standing = _standing(client)
    blocked = _blocked(client, address)
    return [
        Subscription(scope, blocked or _wrong(mine, address, secret) or Registered.KEPT)
        for scope, mine in standing.items()
    ]


def _standing(client: BigCommerceClient) -> dict[str, list[_Hook]]:
    """The hooks of each scope that we need. A token sees those of its own app alone."""
    found = [read(hook, _Hook) for page in client.pages("/v3/hooks", {}, limit=_PAGE) for hook in page]
    wanted = [scope for scope, told in SCOPES.items() if told.is_subscribed]
    return {scope: [hook for hook in found if hook.scope == scope] for scope in wanted}


def _wrong(mine: Sequence[_Hook], address: str, secret: str) -> str:
    """What is wrong with a scope's hooks; nothing if one of them is right."""
    here = _leading_to(mine, address)
    if here is None:
        return f"sent to {mine[0].destination}" if mine else "not registered"
    if not here.is_active:
        return "switched off"
    return "" if _has_secret(here.headers, secret) else "sent without the secret of this installation"


def _leading_to(mine: Sequence[_Hook], address: str) -> _Hook | None:
    return next((hook for hook in mine if hook.destination == address), None)


def _blocked(client: BigCommerceClient, address: str) -> str:
    """What is to be said if BigCommerce sends nothing to our domain for now."""
    domains = read(client.get("/v3/hooks/admin"), _AdminBody).data.blocked_domains
    host = urlsplit(address).hostname or ""
    if host not in {_host(one.destination) for one in domains}:
        return ""
    return f"{host} is blocked for some minutes, since it failed too often: see that it answers"


def _host(destination: str) -> str | None:
    return urlsplit(destination if "//" in destination else f"//{destination}").hostname


def _put_right(
    client: BigCommerceClient, scope: str, mine: Sequence[_Hook], *, address: str, secret: str
) -> str:
    body = {"scope": scope, "destination": address, "is_active": True, "headers": {HEADER: secret}}
    here = _leading_to(mine, address)
    for hook in mine:
        if hook is not here:
            client.request("DELETE", f"/v3/hooks/{hook.id}", expected=[HTTPStatus.NOT_FOUND])
    if here is None:
        return _send(client, "POST", "/v3/hooks", body) or Registered.CREATED
    if not _wrong([here], address, secret):
        return Registered.KEPT
    return _send(client, "PUT", f"/v3/hooks/{here.id}", body) or Registered.UPDATED


def _has_secret(headers: Mapping[str, str] | None, secret: str) -> bool:
    named = {name.lower(): value for name, value in (headers or {}).items()}
    return named.get(HEADER.lower()) == secret


def _send(client: BigCommerceClient, method: str, path: str, body: Mapping[str, object]) -> str:
    """Nothing, or why it was refused."""
    expected = [HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY]
    answer = client.request(method, path, json=body, expected=expected)
    return words_of(answer.body) if answer.status in expected else ""
