"""The stores over HTTP, and the same without a socket for tests: `{base}/stores/{hash}/v2|v3/...`."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any

from flask import Flask, Response, request

from app.sandbox.bigcommerce import access, hooks, metafields, oauth, refunds, v2, v3
from app.sandbox.bigcommerce.call import NOT_FOUND, ApiError, Call, Handler, Reply
from app.sandbox.bigcommerce.contract import (
    AUTHENTICATION,
    check_answer,
    check_request,
    find_operation,
    refusal_type,
)
from app.sandbox.bigcommerce.records import RequestRecord
from app.sandbox.bigcommerce.store import SandboxStore
from app.sandbox.records import JournalEntry, Refused
from app.sandbox.serving import AppAdapter, NoAnswer, RunningShops, cut, serve_app

HANDLERS: Mapping[str, Mapping[tuple[str, str], Handler]] = {
    "v2": v2.HANDLERS,
    "v3": {**v3.HANDLERS, **metafields.HANDLERS, **refunds.HANDLERS, **hooks.HANDLERS},
}
METHODS = ["GET", "POST", "PUT", "DELETE"]


def create_app(stores: Sequence[SandboxStore]) -> Flask:
    """A WSGI app that is all these stores."""
    app = Flask(__name__)
    by_hash = {store.store_hash: store for store in stores}

    @app.route("/stores/<store_hash>/<any(v2, v3):version>/<path:rest>", methods=METHODS)
    def answer(store_hash: str, version: str, rest: str) -> Response:
        store = by_hash.get(store_hash)
        if store is None:
            return _refusal(version, ApiError(404, NOT_FOUND))
        return _noted(store, version, f"/{version}/{rest}")

    app.register_blueprint(oauth.make_blueprint({store.store_hash: store.oauth for store in stores}))
    app.register_error_handler(NoAnswer, cut)
    return app


def _noted(store: SandboxStore, version: str, path: str) -> Response:
    """Answer, and note how it ended."""
    if store.before_request:
        store.before_request()
    with store.lock:
        store.request_count += 1
        number = store.request_count
    operation = f"{request.method} {path}"
    try:
        answer = _answer(store, version, path, number)
    except NoAnswer as error:
        status = "lost" if error.was_applied else "reset"
        store.requests.append(RequestRecord(number, store.clock(), operation, status))
        raise
    store.requests.append(RequestRecord(number, store.clock(), operation, str(answer.status_code)))
    answer.date = store.clock()
    return answer


def _answer(store: SandboxStore, version: str, path: str, number: int) -> Response:
    store.faults.wait()
    if store.faults.strikes("reset"):
        raise NoAnswer(was_applied=False)
    if bare := _fail(store, version):
        return bare
    with store.lock:
        has_room = store.quota.spend()
        quota = store.quota.headers()
        try:
            answer = _run(store, version, path, number) if has_room else _too_many(store, version)
        except ApiError as error:
            answer = _refusal(version, error)
            answer.content_type = refusal_type((request.method, path), error.status)
        finally:
            store.books.close_action()
    answer.headers.update(quota)
    store.answer_problems += _problems_of(answer, path)
    if store.faults.strikes("lose_answer"):
        raise NoAnswer(was_applied=True)
    if store.faults.strikes("torn_answer"):
        answer.set_data(answer.get_data()[: len(answer.get_data()) // 2])
    return answer


def _problems_of(answer: Response, path: str) -> list[str]:
    headers = dict(answer.headers.items())
    said = check_answer((request.method, path), answer.status_code, headers, answer.get_data())
    return [f"{request.method} {path}: {problem}" for problem in said]


def _fail(store: SandboxStore, version: str) -> Response | None:
    """What happens before a request is even counted."""
    faults = store.faults
    if faults.is_suspended:
        return _refusal(version, ApiError(503, "The store is suspended."))
    if faults.strikes("html_error"):
        page = "<!DOCTYPE html><html><body>Something went wrong</body></html>"
        return Response(page, 502, mimetype="text/html")
    if faults.strikes("server_error"):
        return _refusal(version, ApiError(faults.random.choice((500, 503)), "Something went wrong."))
    if faults.strikes("overloaded"):
        return _refusal(version, ApiError(429, "Too many requests."))
    if faults.strikes("rate_limited"):
        return _too_many(store, version)
    return None


def _too_many(store: SandboxStore, version: str) -> Response:
    wait_s = store.quota.reset_s() or store.faults.retry_after_s
    answer = _refusal(version, ApiError(429, "You have exceeded the rate limit."))
    answer.headers.update(store.quota.headers())
    answer.headers["X-Rate-Limit-Time-Reset-Ms"] = f"{wait_s * 1000:.0f}"
    answer.headers["X-Retry-After"] = str(ceil(wait_s))
    return answer


def _run(store: SandboxStore, version: str, path: str, number: int) -> Response:
    if store.faults.is_token_revoked or request.headers.get(AUTHENTICATION) != store.access_token:
        raise ApiError(401, "Unauthorized")
    operation = find_operation(request.method, path)
    if operation is None:
        raise _unread(store, number, [f"{request.method} {path} is not an operation of the specs"])
    if not access.is_open(store.scopes, request.method, operation.template):
        raise ApiError(403, "You don't have a required scope to access the endpoint")
    query, headers = request.args.to_dict(), dict(request.headers.items())
    if problems := check_request(request.method, path, query, headers, request.get_data()):
        raise _unread(store, number, problems)
    call = Call(store, number, version, operation.ids(path), query, _body())
    try:
        reply = HANDLERS[version][request.method, operation.template](call)
    except Refused as error:
        raise v2.refusal(error) from error
    return _response(reply)


def _unread(store: SandboxStore, number: int, problems: Sequence[str]) -> ApiError:
    """Refuse what the specs do not know. The journal says so: it is the caller's mistake."""
    said = "; ".join(problems)
    store.books.journal.append(JournalEntry(store.clock(), "refused by the specs", None, said, number))
    return ApiError(400, said)


def _body() -> Any:
    return json.loads(request.get_data()) if request.get_data() else None


def _response(reply: Reply) -> Response:
    if reply.status == HTTPStatus.NO_CONTENT:
        return Response(status=204)
    return Response(json.dumps(reply.body), reply.status, mimetype="application/json")


def _refusal(version: str, error: ApiError) -> Response:
    return _response(Reply(error.body(version), error.status))


class SandboxAdapter(AppAdapter):
    """Lets a `requests.Session` talk to the stores without a socket: mount it on their base URL."""

    def __init__(self, stores: Sequence[SandboxStore]) -> None:
        super().__init__(create_app(stores))


def serve(stores: Sequence[SandboxStore], host: str = "127.0.0.1", port: int = 9200) -> RunningShops:
    """Serve the stores until stopped, each under `{base_url}/stores/{its hash}`. Port 0 is any free
    port."""
    return serve_app(create_app(stores), host=host, port=port)
