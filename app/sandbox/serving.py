"""A sandbox over HTTP, and the same without a socket for tests."""

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask, Response, request
from requests.adapters import BaseAdapter
from requests.models import PreparedRequest
from urllib3 import HTTPResponse
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client, EnvironBuilder

NO_ANSWER = "sandbox.no_answer"


class NoAnswer(Exception):
    """The caller gets no answer. `was_applied` says whether the request had its effect."""

    def __init__(self, *, was_applied: bool) -> None:
        super().__init__("the connection broke")
        self.was_applied = was_applied


def cut(error: NoAnswer) -> Response:
    """Without a socket, mark the answer for `AppAdapter`; with one, break the connection."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500, headers={NO_ANSWER: "lost" if error.was_applied else "reset"})


class AppAdapter(BaseAdapter):
    """Lets a `requests.Session` talk to an app without a socket: mount it on the app's base URL."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self._client = Client(app)

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
        """Sandboxes note every request themselves; werkzeug's own lines would bury the demo."""


@dataclass(frozen=True)
class RunningShops:
    """Shops being served on a thread of their own below `base_url`."""

    base_url: str
    stop: Callable[[], None]


def serve_app(app: Flask, *, host: str, port: int) -> RunningShops:
    """Serve an app until stopped. Port 0 is any free port."""
    server = make_server(host, port, app, threaded=True, request_handler=_QuietHandler)
    # So often it looks whether it is to stop, which whoever stops it waits for.
    often = {"poll_interval": 0.05}
    thread = threading.Thread(
        target=server.serve_forever, kwargs=often, name="sandbox shops", daemon=True
    )
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    return RunningShops(f"http://{host}:{server.server_port}", stop)
