"""The front of a web process: it answers what the Flask application would, and more besides."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, request
from flask.testing import FlaskClient
from redis import Redis
from structlog.testing import capture_logs

from app.pipeline import doorbell
from app.pipeline.runtime import Runtime
from app.services import open_engine
from app.web.application import LARGEST_BODY, create_app
from app.web.front import Front
from tests.web.posting import ADDRESS, deliveries, headers, order_body, signature

GOOD = json.dumps(order_body()).encode()

NoticeKind = tuple[int, bytes, dict[str, str]]


def ask(
    front: Front,
    method: str,
    path: str,
    sent: Mapping[str, str],
    body: bytes,
    *,
    query: bytes = b"",
) -> NoticeKind:
    """One request: status, body and headers of the answer."""
    told: list[Mapping[str, Any]] = []
    waiting = [{"type": "http.request", "body": body}]
    named = {"host": "backline.test", "content-length": str(len(body)), **(sent or {})}

    async def receive() -> Mapping[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        told.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "client": ("203.0.113.7", 1234),
        "server": ("127.0.0.1", 8000),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in named.items()],
    }
    asyncio.run(front(scope, receive, send))
    start, *rest = told
    answered = {name.decode(): value.decode() for name, value in start["headers"]}
    return int(start["status"]), b"".join(part.get("body", b"") for part in rest), answered


@pytest.fixture
def front(runtime: Runtime) -> Front:
    """What a production host's web process serves."""
    return Front(create_app(runtime), runtime)


@pytest.fixture
def flask(runtime: Runtime) -> FlaskClient:
    """The same application without a front."""
    return create_app(runtime).test_client()


REQUESTS: dict[str, tuple[str, str, Mapping[str, str], bytes]] = {
    "a webhook": ("POST", ADDRESS, headers(GOOD), GOOD),
    "one of no work": ("POST", ADDRESS, headers(GOOD, "made/up"), GOOD),
    "unreadable": ("POST", ADDRESS, headers(b"{"), b"{"),
    "unsigned": ("POST", ADDRESS, {}, GOOD),
    "wrongly signed": ("POST", ADDRESS, headers(GOOD, Hmac_Sha256=signature(b"other")), GOOD),
    "not ASCII": ("POST", ADDRESS, headers(GOOD, Hmac_Sha256="ünterschrift"), GOOD),
    "without a topic": ("POST", ADDRESS, headers(GOOD, Topic=""), GOOD),
    "of an unknown shop": ("POST", ADDRESS, headers(GOOD, domain="b.myshopify.com"), GOOD),
    "of no shop": ("POST", ADDRESS, headers(GOOD, domain="b.example"), GOOD),
    "about a shop that is gone": (
        "POST",
        ADDRESS,
        headers(b"{}", "shop/redact", domain="b.myshopify.com"),
        b"{}",
    ),
    "BigCommerce's, without its secret": ("POST", "/webhooks/bigcommerce", {}, b"{}"),
    "of no platform": ("POST", "/webhooks/magento", {}, b"{}"),
    "health": ("GET", "/healthz", {}, b""),
}


@pytest.mark.parametrize("asked", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.usefixtures("shop_id")
def test_front_and_application_answer_alike(
    asked: tuple[str, str, Mapping[str, str], bytes], front: Front, flask: FlaskClient
) -> None:
    """To the last header."""
    method, path, sent, body = asked
    expected = flask.open(path, method=method, headers=dict(sent), data=body)

    status, text, answered = ask(front, method, path, sent, body)

    assert (status, text) == (expected.status_code, expected.get_data())
    assert answered == {name.lower(): value for name, value in expected.headers.items()}


@pytest.mark.usefixtures("shop_id")
def test_a_webhook_is_kept_and_rings_the_doorbell(
    front: Front, clean_pg: sa.Engine, redis: Redis
) -> None:
    """The ring comes after the answer."""
    status, _, _ = ask(front, "POST", ADDRESS, headers(GOOD), GOOD)

    assert status == 200
    assert deliveries(clean_pg) == [("orders/create", "due", None)]
    give_up_at = time.monotonic() + 10
    while doorbell.quick_queue(redis).count == 0:
        assert time.monotonic() < give_up_at, "nobody rang"
        time.sleep(0.01)


@pytest.mark.usefixtures("shop_id")
def test_headers_that_are_sent_twice_are_not_believed(front: Front, clean_pg: sa.Engine) -> None:
    """Whoever stands between may look at the one and we at the other."""
    twice = {**headers(GOOD), "X-Shopify-Shop-Domain": "mugs.myshopify.com,mugs.myshopify.com"}

    assert ask(front, "POST", ADDRESS, twice, GOOD)[0] == 401
    assert deliveries(clean_pg) == []


def test_webhooks_that_a_dead_database_refuses_are_one_line_in_the_log(runtime: Runtime) -> None:
    nowhere = open_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    dead = replace(runtime, engine=nowhere)

    with capture_logs() as logs:
        status, text, _ = ask(Front(create_app(dead), dead), "POST", ADDRESS, headers(GOOD), GOOD)

    assert (status, text) == (503, b"The database can't be reached: send it again.")
    assert len(logs) == 1


def test_too_large_a_body_is_refused_before_it_is_read(front: Front) -> None:
    sent = {**headers(GOOD), "content-length": str(LARGEST_BODY + 1)}

    assert ask(front, "POST", ADDRESS, sent, GOOD)[0] == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert ask(front, "POST", "/sign-in", sent, GOOD)[0] == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_pages_get_the_whole_request(runtime: Runtime) -> None:
    """Its body, its query in whatever bytes, its caller; and no header that poses as a proxy's."""
    app = _echo()

    status, text, _ = ask(
        Front(app, runtime),
        "POST",
        "/echo/ü",
        {"X-Forwarded-For": "198.51.100.1", "X_Forwarded_For": "6.6.6.6"},
        b"a=1\n" * 50_000,
        query="q=ü&r=%20".encode(),
    )

    told = json.loads(text)
    assert status == 200
    assert told == {
        "lines": 50_000,
        "path": "/echo/ü",
        "query": {"q": "ü", "r": " "},
        "caller": "203.0.113.7",
        "forwarded": "198.51.100.1",
    }


def _echo() -> Flask:
    app = Flask("echo")
    app.config["HAS_OPEN_PAGES"] = False

    @app.post("/echo/<name>")
    def echo(name: str) -> dict[str, Any]:
        assert name
        return {
            "lines": len(request.stream.readlines()),
            "path": request.path,
            "query": request.args.to_dict(),
            "caller": request.remote_addr,
            "forwarded": request.headers.get("X-Forwarded-For"),
        }

    return app
