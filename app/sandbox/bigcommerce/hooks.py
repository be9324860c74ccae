"""The API of hooks: made, listed, changed, deleted, and what BigCommerce has against them.

https://docs.bigcommerce.com/developer/api-reference/rest/admin/management/webhooks. Hooks
are delivered over TLS; the loopback of this machine is let through without, for a demo without tunnels.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from app.sandbox.bigcommerce.call import NOT_FOUND, ApiError, Call, Handler, Reply
from app.sandbox.bigcommerce.webhooks import Hook

MOST_OF_A_SCOPE = 10
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SCOPE = re.compile(
    r"store/(channel/(\d+|\*)/)?"
    r"(order|product|sku|shipment|inventory|app|information|customer|cart|category|hook)(/[\w*]+)+"
)


def _shown(call: Call, hook: Hook) -> dict[str, Any]:
    return {
        "id": hook.hook_id,
        "client_id": call.store.client_id,
        "store_hash": call.store.store_hash,
        "scope": hook.scope,
        "destination": hook.destination,
        "headers": hook.headers or None,
        "is_active": hook.is_active,
        "created_at": int(hook.created_at.timestamp()),
        "updated_at": int(hook.updated_at.timestamp()),
    }


def _one(call: Call, hook: Hook) -> Reply:
    return Reply({"data": _shown(call, hook), "meta": {}})


def _hook(call: Call) -> Hook:
    hook = call.store.webhooks.subscriptions.get(call.ids["webhook_id"])
    if hook is None:
        raise ApiError(404, NOT_FOUND)
    return hook


def _list_hooks(call: Call) -> Reply:
    call.honour("page", "limit", "is_active", "scope", "destination")
    shown = [
        hook
        for hook in call.store.webhooks.subscriptions.values()
        if call.query.get("scope", hook.scope) == hook.scope
        and call.query.get("destination", hook.destination) == hook.destination
        and call.query.get("is_active", str(hook.is_active)).lower() == str(hook.is_active).lower()
    ]
    return call.paged(shown, lambda hook: _shown(call, hook))


def _create(call: Call) -> Reply:
    scope, destination = call.sent["scope"], call.sent["destination"]
    _refuse(call, None, scope, destination)
    now = call.books.now()
    hook = Hook(
        call.books.new_id("Hook"),
        scope,
        destination,
        dict(call.sent.get("headers") or {}),
        created_at=now,
        updated_at=now,
        last_used_at=now,
        is_active=call.sent.get("is_active", True),
    )
    call.store.webhooks.subscriptions[hook.hook_id] = hook
    return _one(call, hook)


def _refuse(call: Call, changed: Hook | None, scope: str, destination: str) -> None:
    others = [hook for hook in call.store.webhooks.subscriptions.values() if hook is not changed]
    of_scope = [hook for hook in others if hook.scope == scope]
    address = urlsplit(destination)
    if not SCOPE.fullmatch(scope):
        raise ApiError(422, f"The scope {scope} does not exist.")
    is_near = address.hostname in LOOPBACK
    if not is_near and (address.scheme != "https" or address.port not in (None, 443)):
        raise ApiError(422, "The destination must be served over TLS on port 443.")
    if any(hook.destination == destination for hook in of_scope):
        raise ApiError(422, "A hook of this scope and destination exists.")
    if len(of_scope) >= MOST_OF_A_SCOPE:
        raise ApiError(422, f"There are {MOST_OF_A_SCOPE} hooks of this scope.")


def _update(call: Call) -> Reply:
    """Change a hook; one that was deactivated works again."""
    hook, sent = _hook(call), call.sent
    scope, destination = sent.get("scope", hook.scope), sent.get("destination", hook.destination)
    _refuse(call, hook, scope, destination)
    hook.scope, hook.destination = scope, destination
    if "headers" in sent:
        hook.headers = dict(sent["headers"] or {})
    hook.is_active = sent.get("is_active", hook.is_active)
    hook.is_deactivated = hook.is_deactivated and not hook.is_active
    hook.updated_at = hook.last_used_at = call.books.now()
    return _one(call, hook)


def _delete(call: Call) -> Reply:
    hook = call.store.webhooks.subscriptions.pop(_hook(call).hook_id)
    return _one(call, hook)


def _admin(call: Call) -> Reply:
    """What BigCommerce has switched off or does not call at present."""
    call.honour("is_active")
    hooks = [
        _shown(call, hook) | {"status": _status(hook)}
        for hook in call.store.webhooks.subscriptions.values()
    ]
    wanted = call.query.get("is_active")
    shown = [
        hook for hook in hooks if wanted is None or str(hook["is_active"]).lower() == wanted.lower()
    ]
    blocked = [
        {"destination": domain, "time_left": int(left.total_seconds()), "reasons": []}
        for domain, left in call.store.webhooks.blocked().items()
    ]
    data = {"emails": call.store.alert_emails, "hooks_list": shown, "blocked_domains": blocked}
    return Reply({"data": data, "meta": {}})


def _status(hook: Hook) -> str:
    if hook.is_deactivated:
        return "deactivated"
    return "active" if hook.is_active else "inactive"


def _alert(call: Call) -> Reply:
    call.store.alert_emails = list(call.sent.get("emails", ()))
    return Reply(status=204)


HANDLERS: Mapping[tuple[str, str], Handler] = {
    ("GET", "/hooks"): _list_hooks,
    ("POST", "/hooks"): _create,
    ("GET", "/hooks/admin"): _admin,
    ("PUT", "/hooks/admin"): _alert,
    ("GET", "/hooks/{webhook_id}"): lambda call: _one(call, _hook(call)),
    ("PUT", "/hooks/{webhook_id}"): _update,
    ("DELETE", "/hooks/{webhook_id}"): _delete,
}
