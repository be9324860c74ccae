"""Strangers who say odd things: each is answered or refused, nobody else notices, and no traceback is
left. Real web process, behind one router; loopback.
"""

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
from tests.faults.test_slow_strangers import environment, webhook
from tests.served import Served, web_process
from tests.web.posting import DOMAIN, headers, order_body

# Nobody waits so long for the end of an answer: whoever keeps the connection has said all by then.
_PAUSE_S = 0.3
_AT_MOST_S = 8

BODY = json.dumps(order_body()).encode()
_SIGNED = b"".join(f"{name}: {value}\r\n".encode() for name, value in headers(BODY).items())
WEBHOOK = b"POST /webhooks/shopify HTTP/1.1\r\nHost: x\r\n" + _SIGNED
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def ask(
    path: bytes = b"/sign-in",
    *more: bytes,
    method: bytes = b"GET",
    version: bytes = b"1.1",
    host: bytes = b"Host: x",
) -> bytes:
    """A request without a body."""
    return b"\r\n".join([method + b" " + path + b" HTTP/" + version, host, *more, b"", b""])


def chunks(*parts: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """A chunked body."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end


def form(body: bytes, kind: bytes = b"application/x-www-form-urlencoded") -> bytes:
    """A form that is sent to the page where people sign in."""
    told = (b"Content-Type: " + kind, b"Content-Length: %d" % len(body))
    return ask(b"/sign-in", *told, method=b"POST") + body


def parts(body: bytes, boundary: bytes = b"x") -> bytes:
    """The same in parts."""
    return form(body, b"multipart/form-data; boundary=" + boundary)


BODIES = {
    "a length": WEBHOOK + LENGTH + b"\r\n" + BODY,
    "chunks": WEBHOOK + CHUNKED + b"\r\n" + chunks(BODY[:10], BODY[10:]),
    "chunks with extensions": WEBHOOK
    + CHUNKED
    + b"\r\n5;a=b\r\n"
    + BODY[:5]
    + b"\r\n"
    + chunks(BODY[5:]),
    "trailers": WEBHOOK + CHUNKED + b"\r\n" + chunks(BODY, end=b"0\r\nX-T: 1\r\n\r\n"),
    "a chunk of no length": WEBHOOK + CHUNKED + b"\r\nzz\r\nabc\r\n",
    "a chunk of more than there is": WEBHOOK + CHUNKED + b"\r\nFFFFFFFFFFFFFFFFFF\r\nabc\r\n",
    "a chunk of less than nothing": WEBHOOK + CHUNKED + b"\r\n-5\r\nabc\r\n",
    "an endless extension": WEBHOOK + CHUNKED + b"\r\n5;" + b"a" * 100_000 + b"\r\nabcde\r\n",
    "a page's chunk of no length": ask(b"/sign-in", CHUNKED.strip(), method=b"POST") + b"zz\r\nabc\r\n",
    "a wish to be told to go on": WEBHOOK + LENGTH + b"Expect: 100-continue\r\n\r\n" + BODY,
    "another wish": WEBHOOK + LENGTH + b"Expect: nonsense\r\n\r\n" + BODY,
    "both kinds of length": WEBHOOK + LENGTH + CHUNKED + b"\r\n" + chunks(BODY),
    "two lengths": WEBHOOK + LENGTH + b"Content-Length: 3\r\n\r\n" + BODY,
    "less than nothing": WEBHOOK + b"Content-Length: -1\r\n\r\n" + BODY,
    "a sign before the length": WEBHOOK + b"Content-Length: +5\r\n\r\n" + BODY,
    "a length that nobody counts with": WEBHOOK + b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n" + BODY,
    "a length in other digits": WEBHOOK + b"Content-Length: \xd9\xa3\r\n\r\n" + BODY,
    "a length of more than there is": WEBHOOK + b"Content-Length: 9223372036854775807\r\n\r\n" + BODY,
    "a body that is longer than said": WEBHOOK + b"Content-Length: 3\r\n\r\n" + BODY,
    "packed": WEBHOOK + LENGTH + b"Content-Encoding: gzip\r\n\r\n" + BODY,
    "packed in transit": WEBHOOK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + chunks(BODY),
    "a body where none belongs": ask(b"/sign-in", b"Content-Length: 3") + b"abc",
    "parts without a boundary": form(b"x", b"multipart/form-data"),
    "parts that do not end": parts(b"--x\r\n"),
    "a part of no name": parts(b'--x\r\nContent-Disposition: form-data; name="\xff\0"\r\n\r\n\r\n--x--'),
    "many parts": parts(
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 3000 + b"--x--"
    ),
    "a long boundary": parts(b"--x", b"x" * 5000),
    "a long header of a part": parts(b"--x\r\n" + b"A" * 200_000 + b"\r\n\r\n--x--"),
    "many fields": form(b"&".join(b"a%d=b" % number for number in range(30_000))),
    "fields that are none": form(b"email=%ff%00%zz&password=\xff&=&&"),
    "another alphabet": form(b"email=a", b"application/x-www-form-urlencoded; charset=utf-7"),
}
LINES = {
    "HTTP/1.0": ask(version=b"1.0", host=b"X: y"),
    "a webhook by HTTP/1.0": WEBHOOK.replace(b"1.1", b"1.0") + LENGTH + b"\r\n" + BODY,
    "HTTP/1.0 without a length": WEBHOOK.replace(b"1.1", b"1.0") + b"\r\n" + BODY,
    "HTTP/1.0 with chunks": WEBHOOK.replace(b"1.1", b"1.0") + CHUNKED + b"\r\n" + chunks(BODY),
    "HTTP/0.9": b"GET /\r\n",
    "HTTP/9.9": ask(version=b"9.9"),
    "TLS": bytes.fromhex("16030100c2010000be0303") + b"\0" * 100,
    "a proxy's own line": b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + ask(),
    "all bytes": bytes(range(256)) * 4,
    "a whole address": ask(b"http://evil.example/sign-in"),
    "half an address": ask(b"http://[::1/sign-in"),
    "no address": ask(b"*", method=b"OPTIONS"),
    "a tunnel": ask(b"evil.example:443", method=b"CONNECT"),
    "an upgrade": ask(b"/sign-in", b"Connection: Upgrade", b"Upgrade: websocket"),
    "HTTP/2 in clear": ask(b"/sign-in", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c"),
    "a long method": ask(method=b"A" * 10_000),
    "an echo": ask(method=b"TRACE"),
    "a head": ask(method=b"HEAD"),
    "lines without returns": b"GET /sign-in HTTP/1.1\nHost: x\n\n",
    "empty lines first": b"\r\n\r\n" + ask(),
    "several at once": ask() + ask(b"/healthz") + ask(b"/nothing"),
    "webhooks at once": (WEBHOOK + LENGTH + b"\r\n" + BODY) * 3 + ask(),
    "nonsense after a request": ask() + b"\xff\xff\xff\r\n\r\n",
    "a long address": ask(b"/" + b"a" * 70_000),
    "a long question": ask(b"/sign-in?" + b"a" * 60_000),
    "raw bytes in an address": ask(b"/\xff\xfe"),
    "raw bytes in a question": ask(b"/sign-in?next=\xff"),
    "half a character": ask(b"/%ed%a0%80"),
    "half an escape": ask(b"/%zz%"),
    "a zero byte": ask(b"/%00"),
    "a zero byte in a file's name": ask(b"/static/%00"),
    "a file elsewhere": ask(b"/static/..%2f..%2ffront.py"),
    "a long file's name": ask(b"/static/" + b"a" * 5000),
    "a platform of no name": WEBHOOK.replace(b"/shopify ", b"/%00 ") + LENGTH + b"\r\n" + BODY,
}
HEADERS = {
    "no host": ask(host=b"X: y"),
    "two hosts": ask(b"/sign-in", b"Host: y"),
    "a host with two ports": ask(host=b"Host: a:b:c"),
    "half a host": ask(host=b"Host: [::1"),
    "a long host": ask(host=b"Host: " + b"a" * 10_000),
    "a host in other letters": ask(host="Host: é".encode()),
    "64 KiB": ask(b"/sign-in", b"X: " + b"a" * 65_536),
    "a megabyte": ask(b"/sign-in", b"X: " + b"a" * 1_000_000),
    "2,000 headers": ask(b"/sign-in", *[b"X: a"] * 2000),
    "a header without a name": ask(b"/sign-in", b": a"),
    "a header without a colon": ask(b"/sign-in", b"Xyz"),
    "a header on two lines": ask(b"/sign-in", b"X: a\r\n b"),
    "a zero byte in a header": ask(b"/sign-in", b"X: \0"),
    "a part no float": ask(b"/sign-in", b"Accept: text/html;q=nan, */*;q=1e999, ;;;"),
    "cookies that are none": ask(b"/", b'Cookie: __Host-backline="\\000\\377; backline=\xff; =; ;;'),
    "many cookies": ask(b"/", b"Cookie: " + b"a=b; " * 10_000),
    "a token that is none": ask(b"/api/v1/arrivals", b"Authorization: Bearer \xff"),
    "half of another scheme": ask(b"/metrics", b'Authorization: Digest username="'),
    "a router's nonsense": ask(b"/", b"X-Forwarded-For: a, b,, \xff", b"X-Forwarded-Proto: ftp,"),
    "many routers": ask(b"/", b"X-Forwarded-For: " + b"1.2.3.4, " * 5000),
    "a topic twice": WEBHOOK + b"X-Shopify-Topic: a\r\n" + LENGTH + b"\r\n" + BODY,
    "a time in other digits": ask(
        b"/webhooks/bigcommerce",
        b"Content-Length: 0", b"webhook-id: 1", b"webhook-timestamp: \xb2", b"webhook-signature: v1,a",
        method=b"POST",
    ),
}  # fmt: skip
_FILE = b"/static/backline.css"
FILES = {
    "the last byte": ask(_FILE, b"Range: bytes=-1"),
    "bytes that are not there": ask(_FILE, b"Range: bytes=99999999999999999999-"),
    "ranges that are none": ask(_FILE, b"Range: bytes=0-1,5-6,1-0,a-b"),
    "a day that is none": ask(_FILE, b"If-Modified-Since: Mon, 00 Foo 0000 99:99:99 GMT"),
    "a day before all days": ask(_FILE, b"If-Modified-Since: Sat, 01 Jan 0001 00:00:00 +2359"),
    "a year too far": ask(_FILE, b"If-Modified-Since: Sat, 01 Jan 99999999999999 00:00:00 GMT"),
    "a range until then": ask(
        _FILE, b"If-Range: Sat, 01 Jan 99999999999999 00:00:00 GMT", b"Range: bytes=0-1"
    ),
    "a leap second": ask(_FILE, b"If-Modified-Since: Sat, 31 Dec 2016 23:59:60 GMT"),
    "half a version": ask(_FILE, b'If-None-Match: *, W/"'),
}
KINDS = {"bodies": BODIES, "lines": LINES, "headers": HEADERS, "files": FILES}


@pytest.fixture
def served(clean_pg: sa.Engine, redis_server: EmbeddedRedis, tmp_path: Path) -> Iterator[Served]:
    """One process behind one router, and a shop."""
    with Session(clean_pg) as session, session.begin():
        installed_shop(session, DOMAIN)
    told = environment(clean_pg, redis_server, processes=1) | {"TRUSTED_PROXIES": "1"}
    with web_process(told, tmp_path / "home") as served:
        yield served


def statuses(served: Served, said: bytes, *, hangs_up: bool = False) -> list[int]:
    """What is answered to it, on a connection of its own."""
    told = b""
    with socket.create_connection(("127.0.0.1", served.port), timeout=_AT_MOST_S) as stranger:
        try:
            stranger.sendall(said)
            if hangs_up:
                stranger.shutdown(socket.SHUT_WR)
            while piece := stranger.recv(65_536):
                told += piece
                stranger.settimeout(_PAUSE_S)
        except OSError:  # it keeps the connection, or has cut it after its answer
            assert told or hangs_up
    lines = [line for line in told.split(b"\r\n") if line.startswith(b"HTTP/1.")]
    return [int(line.split(b" ")[1]) for line in lines]


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_stranger_says_is_answered_or_refused(served: Served, kind: str) -> None:
    answered = {name: statuses(served, said) for name, said in KINDS[kind].items()}

    silent = [name for name, told in answered.items() if not told]
    faults = {name: told for name, told in answered.items() if any(one >= 500 for one in told)}
    assert (silent, faults) == ([], {})
    assert webhook(served) == 200
    assert "Traceback" not in served.log.read_text()


def test_whoever_hangs_up_half_way_holds_nothing(served: Served) -> None:
    """Some are answered all the same; the web server drops the others."""
    for said in KINDS.values():
        for words in said.values():
            assert all(one < 500 for one in statuses(served, words, hangs_up=True))
            assert all(one < 500 for one in statuses(served, words[: len(words) // 2], hangs_up=True))

    assert requests.get(f"{served.url}/healthz", timeout=_AT_MOST_S).status_code == 200
    assert webhook(served) == 200
    assert "Traceback" not in served.log.read_text()
