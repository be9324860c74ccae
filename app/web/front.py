"""What stands before the pages: webhooks and the question whether the process lives, answered by the
event loop itself.

No webhook and no health check ever needs a thread that something else could hold. Everything else goes
to the Flask application in a few threads, once its body has been read to the end; and what it answers
is taken from the thread before it is sent, so that a slow reader holds none either.
"""

import io
import string
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from a2wsgi import WSGIMiddleware
from flask import Flask

from app.db.held import hold
from app.db.inbox import Incoming
from app.errors import RejectedWebhook
from app.logs import configure_logs
from app.pipeline import intake
from app.pipeline.runtime import Runtime, build_runtime
from app.services import collect_garbage_seldom
from app.settings import load_settings
from app.web import headers, webhooks
from app.web.application import LARGEST_BODY, create_app, largest_body
from app.web.bodies import Bodies, BodyRefusedError, Receive
from app.web.commits import SharedCommits
from app.web.serving import end_with_parent
from app.web.webhooks import Answer

Scope = MutableMapping[str, Any]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

PAGE_THREADS = 8
# What waits for one of them; a page that comes later is told to come again.
MOST_PAGES = 128

_WEBHOOKS = "/webhooks/"
_REASONS = {
    HTTPStatus.BAD_REQUEST: "broken off",
    HTTPStatus.REQUEST_TIMEOUT: "too slow",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too large",
}
_TEXT = b"text/plain; charset=utf-8"
_BODY = "backline.body"
_HEALTHY = Answer(HTTPStatus.OK, '{"status":"ok"}\n')


class Front:
    """The ASGI application of a web process."""

    def __init__(self, app: Flask, runtime: Runtime) -> None:
        self._app = app
        self._pages = WSGIMiddleware(_with_whole_body(app), workers=PAGE_THREADS, send_queue_size=0)
        self._pages_under_way = 0
        self._readers = webhooks.make_readers(runtime.settings)
        self._bodies = Bodies()
        held = hold(runtime.engine)
        self._commits = SharedCommits(
            lambda batch: intake.record(runtime, batch, held=held),
            lambda shop_ids: webhooks.ring(runtime.redis, shop_ids),
            *((held.let_go,) if held is not None else ()),
        )
        self._headers = _of_every_answer(app, runtime)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["path"] == "/healthz" and scope["method"] in ("GET", "HEAD"):
            await self._tell(send, _HEALTHY, kind=b"application/json")
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        platform = path.removeprefix(_WEBHOOKS)
        if scope["method"] == "POST" and platform != path and platform and "/" not in platform:
            await self._tell(send, await self._take(scope, receive, platform))
        else:
            await self._show(scope, receive, send)

    async def _take(self, scope: Scope, receive: Receive, platform: str) -> Answer:
        """A webhook."""
        reader = self._readers.get(platform)
        if reader is None:
            return webhooks.no_such_platform(platform)
        named = _named(scope["headers"])
        try:
            body = await self._read(receive, named, LARGEST_BODY)
            incoming = Incoming(platform, reader.read_delivery(named, body))
        except BodyRefusedError as error:
            return webhooks.refuse(platform, error.status, _REASONS[error.status], str(error))
        except RejectedWebhook as error:
            return webhooks.refuse(platform, error.status, error.reason, str(error))
        return webhooks.answer(incoming, await self._commits.keep(incoming))

    async def _show(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A page."""
        limit = largest_body(self._app, scope["method"], scope["path"])
        try:
            body = await self._read(receive, _named(scope["headers"]), limit)
        except BodyRefusedError as error:
            await self._tell(send, Answer(error.status, str(error)))
            return
        if self._pages_under_way >= PAGE_THREADS + MOST_PAGES:
            text = "Too many people are looking at once: try again in a few seconds."
            await self._tell(send, Answer(HTTPStatus.SERVICE_UNAVAILABLE, text))
            return
        self._pages_under_way += 1
        try:
            pages: Any = self._pages  # its own names for the same types
            await pages(_for_pages(scope, body), receive, send)
        finally:
            self._pages_under_way -= 1

    async def _read(self, receive: Receive, named: Mapping[str, str], limit: int) -> bytes:
        length = named.get("content-length", "")
        declared = int(length) if length.isdecimal() else None
        return await self._bodies.read(receive, declared=declared, limit=limit)

    async def _tell(self, send: Send, told: Answer, *, kind: bytes = _TEXT) -> None:
        text = told.text.encode(errors="replace")
        own = [(b"content-type", kind), (b"content-length", str(len(text)).encode())]
        await send(
            {"type": "http.response.start", "status": int(told.status), "headers": own + self._headers}
        )
        await send({"type": "http.response.body", "body": text})


def _of_every_answer(app: Flask, runtime: Runtime) -> list[tuple[bytes, bytes]]:
    is_secure = runtime.settings.app_url.startswith("https://") and not app.config["HAS_OPEN_PAGES"]
    fixed = headers.of_machines(runtime.settings, is_secure=is_secure).items()
    return [(name.lower().encode(), value.encode()) for name, value in fixed]


def _named(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name, lower case. One that is sent twice is joined, as WSGI servers do: which of the
    two is meant is nobody's to choose."""
    named: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        named[key] = f"{named[key]},{text}" if key in named else text
    return named


def _for_pages(scope: Scope, body: bytes) -> Scope:
    """The request as WSGI can tell it. Names with an underscore would become the same variable as those
    with a hyphen, so that a caller could say what only our own proxies may."""
    told = [
        (name, value)
        for name, value in scope["headers"]
        if b"_" not in name and name not in (b"content-length", b"transfer-encoding")
    ]
    told.append((b"content-length", str(len(body)).encode()))
    query = quote(scope["query_string"], safe=string.printable).encode()
    return {**scope, "headers": told, "query_string": query, _BODY: body}


def _with_whole_body(app: Flask) -> Callable[..., Iterable[bytes]]:
    """The application, which finds in memory what a2wsgi would fetch from the loop piece by piece."""

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input"] = io.BytesIO(environ["asgi.scope"][_BODY])
        environ["wsgi.errors"] = sys.stderr
        return app(environ, start_response)

    return call


async def _live(receive: Receive, send: Send) -> None:
    """The server's start and end: nothing is connected before it is used."""
    for moment in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{moment}.complete"})


def create_front() -> Front:
    """What each web process of a production host serves."""
    configure_logs(as_json=True)
    end_with_parent()
    return _front(has_open_pages=False)


def create_local_front() -> Front:
    """What the local commands serve, which listen on this machine alone."""
    configure_logs(as_json=False)
    end_with_parent()
    return _front(has_open_pages=True)


def _front(*, has_open_pages: bool) -> Front:
    runtime = build_runtime(load_settings())
    app = create_app(runtime, has_open_pages=has_open_pages)
    collect_garbage_seldom()
    return Front(app, runtime)
