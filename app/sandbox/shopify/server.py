"""The shops over HTTP, and the same without a socket for tests.

`create_app` is reached both as `https://{shop}/admin/...` and as `http://127.0.0.1:9100/{shop}/admin/...`.
"""

import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask, Response, jsonify, request
from requests.adapters import BaseAdapter
from requests.models import PreparedRequest
from urllib3 import HTTPResponse
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client, EnvironBuilder

from app.sandbox.shopify.call import Call
from app.sandbox.shopify.records import RequestRecord
from app.sandbox.shopify.shop import SandboxShop

NO_ANSWER = "sandbox.no_answer"

# An older version falls forward to the first of these; whichever is asked for, 2026-10 answers.
SUPPORTED_VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")


class NoAnswer(Exception):
    """The caller gets no answer. `was_applied` says whether the request had its effect."""

    def __init__(self, *, was_applied: bool) -> None:
        super().__init__("the connection broke")
        self.was_applied = was_applied


def create_app(shops: Sequence[SandboxShop]) -> Flask:
    """A WSGI app that is all these shops."""
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # GraphQL answers keep the order asked for
    by_domain = {shop.domain: shop for shop in shops}

    @app.post("/<domain>/admin/api/<version>/graphql.json")
    @app.post("/admin/api/<version>/graphql.json")
    def graphql(version: str, domain: str | None = None) -> Response:
        shop = by_domain.get(domain or request.host)
        if shop is None or version > SUPPORTED_VERSIONS[-1]:
            return _refusal(404, "Not Found")
        return _answer(shop, version, prefix=domain)

    @app.get("/<domain>/bulk/<token>.jsonl")
    @app.get("/bulk/<token>.jsonl")
    def bulk_result(token: str, domain: str | None = None) -> Response:
        shop = by_domain.get(domain or request.host)
        found = (
            [one.result for one in shop.bulk_operations.values() if one.token == token] if shop else []
        )
        if not found or found[0] is None:
            return _refusal(404, "Not Found")
        return Response(found[0], mimetype="application/jsonl")

    @app.errorhandler(NoAnswer)
    def cut(error: NoAnswer) -> Response:
        return _cut(error)

    return app


def _refusal(status: int, message: str, **headers: str) -> Response:
    response = jsonify({"errors": message})
    response.status_code = status
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def _answer(shop: SandboxShop, version: str, *, prefix: str | None) -> Response:
    if shop.before_request:
        shop.before_request()
    with shop.lock:
        shop.request_count += 1
        number = shop.request_count
    shop.faults.wait()
    if shop.faults.strikes("reset"):
        shop.requests.append(RequestRecord(number, shop.clock(), "", 0, 0, "reset"))
        raise NoAnswer(was_applied=False)
    refusal = _refuse(shop)
    if refusal is not None:
        shop.requests.append(RequestRecord(number, shop.clock(), "", 0, 0, str(refusal.status_code)))
        return refusal
    base_url = request.host_url.rstrip("/") + (f"/{prefix}" if prefix else "")
    body = request.get_json(silent=True)
    with shop.lock:
        answer = shop.api.answer(body if isinstance(body, dict) else {}, Call(shop, number, base_url))
    if shop.faults.strikes("lose_answer"):
        raise NoAnswer(was_applied=True)
    response = jsonify(answer)
    response.headers["X-Shopify-API-Version"] = max(version, SUPPORTED_VERSIONS[0])
    response.headers["X-Request-Id"] = str(number)
    return response


def _refuse(shop: SandboxShop) -> Response | None:
    """What happens before a request has any effect."""
    if shop.faults.closed_status:
        reasons = {402: "Unavailable Shop", 404: "Not Found"}
        return _refusal(shop.faults.closed_status, reasons[shop.faults.closed_status])
    if (
        shop.faults.is_token_revoked
        or request.headers.get("X-Shopify-Access-Token") != shop.access_token
    ):
        return _refusal(
            401, "[API] Invalid API key or access token (unrecognized login or wrong password)"
        )
    if shop.faults.strikes("rate_limited"):
        wait_s = f"{shop.faults.retry_after_s:.1f}"
        return _refusal(429, "Exceeded 2 calls per second for api client.", Retry_After=wait_s)
    if shop.faults.strikes("html_error"):
        return Response(
            "<!DOCTYPE html><html><body>Something went wrong</body></html>", 502, mimetype="text/html"
        )
    if shop.faults.strikes("server_error"):
        return _refusal(shop.faults.random.choice((500, 503)), "Internal Server Error")
    return None


def _cut(error: NoAnswer) -> Response:
    """Without a socket, mark the answer for `SandboxAdapter`; with one, break the connection."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500, headers={NO_ANSWER: "lost" if error.was_applied else "reset"})


class SandboxAdapter(BaseAdapter):
    """Lets a `requests.Session` talk to the shops without a socket: mount it on their base URL."""

    def __init__(self, shops: Sequence[SandboxShop]) -> None:
        super().__init__()
        self._client = Client(create_app(shops))

    def send(  # noqa: PLR0917  # the signature is requests'
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Serve one request; a broken connection is the error that requests itself would raise."""
        answer = self._client.open(_environment(request))
        fate = answer.headers.get(NO_ANSWER)
        if fate == "reset":
            raise requests.ConnectionError("connection reset by the sandbox", request=request)
        if fate == "lost":
            raise requests.ReadTimeout("answer lost by the sandbox", request=request)
        return _response(request, answer.status_code, dict(answer.headers), answer.get_data())

    def close(self) -> None:
        """Nothing is held open."""


def _environment(prepared: PreparedRequest) -> EnvironBuilder:
    parts = urlsplit(prepared.url or "")
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body or b""
    return EnvironBuilder(
        path=parts.path,
        base_url=f"{parts.scheme}://{parts.netloc}",
        query_string=parts.query,
        method=prepared.method or "GET",
        headers=list(prepared.headers.items()),
        data=body,
    )


def _response(
    prepared: PreparedRequest, status: int, headers: Mapping[str, str], body: bytes
) -> requests.Response:
    raw = HTTPResponse(BytesIO(body), headers=headers, status=status, preload_content=False)
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers)
    response.raw = raw
    response.url = prepared.url or ""
    response.request = prepared
    response.encoding = "utf-8"
    return response


class _QuietHandler(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """`SandboxShop.requests` notes every request; werkzeug's own lines would bury the demo."""


@dataclass(frozen=True)
class RunningShops:
    """Shops being served on a thread of their own, each under `{base_url}/{its domain}`."""

    base_url: str
    stop: Callable[[], None]


def serve(shops: Sequence[SandboxShop], host: str = "127.0.0.1", port: int = 9100) -> RunningShops:
    """Serve the shops until stopped. Port 0 is any free port."""
    app = create_app(shops)
    server = make_server(host, port, app, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, name="sandbox shops", daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    return RunningShops(f"http://{host}:{server.server_port}", stop)
