"""Strangers who are slow on purpose: whoever else asks is answered meanwhile.

Real web process, one of one process, so that nobody else can help; loopback, 64 sockets, a few seconds.
"""

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services import EmbeddedRedis
from tests.builders import installed_shop
from tests.served import Served, web_process
from tests.web.posting import ADDRESS, DOMAIN, SECRET, headers, order_body

STRANGERS = 64
# Nobody waits for so long; without the rule they would wait for ever, or for the strangers' patience.
AT_MOST_S = 10

_SLOW_BODY = b"Host: x\r\nContent-Type: application/json\r\nContent-Length: 6000\r\n\r\n{"
_SLOW_CHUNKS = b"Host: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
KINDS = {
    "idle": b"",
    "slow headers": b"POST /webhooks/shopify HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "slow bodies of webhooks": b"POST /webhooks/shopify HTTP/1.1\r\n" + _SLOW_BODY,
    "slow chunks of webhooks": b"POST /webhooks/shopify HTTP/1.1\r\n" + _SLOW_CHUNKS,
    "slow bodies of forms": b"POST /sign-in HTTP/1.1\r\n" + _SLOW_BODY,
    "slow bodies of the API": b"POST /api/v1/arrivals HTTP/1.1\r\n" + _SLOW_BODY,
    "slow bodies to nowhere": b"PUT /nowhere HTTP/1.1\r\n" + _SLOW_CHUNKS,
    "slow readers": b"GET /static/backline.css HTTP/1.1\r\nHost: x\r\n\r\n" * 200,
}


@pytest.fixture
def served(clean_pg: sa.Engine, redis_server: EmbeddedRedis, tmp_path: Path) -> Iterator[Served]:
    """One process, and a shop."""
    with Session(clean_pg) as session, session.begin():
        installed_shop(session, DOMAIN)
    with web_process(environment(clean_pg, redis_server, processes=1), tmp_path / "home") as served:
        yield served


def environment(engine: sa.Engine, redis: EmbeddedRedis, *, processes: int) -> dict[str, str]:
    """What the web process is told."""
    return {
        "DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "REDIS_URL": redis.url,
        "WEB_CONCURRENCY": str(processes),
        "APP_URL": "https://backline.test",
        "SECRET_KEY": "a-key-for-tests-alone-0123456789-abc",
        "ENCRYPTION_KEYS": "-pEar7LVZhLcZgrACGOUiQnu8sCifIacbkpOmmXWhw4=",
        "SHOPIFY_CLIENT_SECRET": SECRET,
    }


@contextlib.contextmanager
def strangers(served: Served, said: bytes, count: int = STRANGERS) -> Iterator[list[socket.socket]]:
    """Sockets on which this was said, and nothing since; nothing of the answer is read."""
    with contextlib.ExitStack() as stack:
        sockets = []
        for _ in range(count):
            stranger = stack.enter_context(socket.socket())
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            stranger.settimeout(AT_MOST_S)
            stranger.connect(("127.0.0.1", served.port))
            stranger.sendall(said)
            sockets.append(stranger)
        yield sockets


def webhook(served: Served) -> int:
    """Posts one as Shopify would; its status."""
    body = json.dumps(order_body()).encode()
    answer = requests.post(served.url + ADDRESS, data=body, headers=headers(body), timeout=AT_MOST_S)
    return answer.status_code


def test_whoever_else_asks_is_answered_meanwhile(served: Served) -> None:
    answered = {}
    for kind, said in KINDS.items():
        with strangers(served, said):
            answered[kind] = [
                requests.get(f"{served.url}/healthz", timeout=AT_MOST_S).status_code,
                webhook(served),
                requests.get(f"{served.url}/sign-in", timeout=AT_MOST_S).status_code,
            ]

    assert answered == {kind: [200, 200, 200] for kind in KINDS}
    assert "Traceback" not in served.log.read_text()


def test_more_slow_strangers_than_there_are_places_keep_nobody_out(served: Served) -> None:
    """Whoever sends for longest makes room for whoever comes."""
    with strangers(served, KINDS["slow bodies of webhooks"], count=300) as sockets:
        statuses = [webhook(served) for _ in range(5)]
        told = end_of(sockets[0])

    assert statuses == [200] * 5
    assert not told or told.startswith(b"HTTP/1.1 408 ")


def end_of(stranger: socket.socket) -> bytes:
    """What a stranger is told at last. Nothing where the connection was reset: what it had sent was not
    read to its end, and then TCP may throw the answer away."""
    try:
        return stranger.recv(4096)
    except ConnectionResetError:
        return b""


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(served: Served) -> None:
    said = b"POST /webhooks/shopify HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"

    with strangers(served, said, count=1) as (stranger,):
        told = stranger.recv(4096)

    assert told.startswith(b"HTTP/1.1 413 ")
