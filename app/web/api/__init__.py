"""The addresses at which other systems tell and read a shop's arrivals.

Described for people in docs/api.md and for programs in `openapi.json` beside this file, to which the
tests hold every answer.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request
from redis.exceptions import RedisError
from werkzeug.exceptions import RequestEntityTooLarge

from app.db.api_tokens import find_shop_by_token
from app.pipeline.runtime import Runtime
from app.web import access
from app.web.api import reading, writing
from app.web.api.answers import MINUTE_S, Problem, answer, refuse

CALLS_A_MINUTE = 120
OPENAPI = Path(__file__).with_name("openapi.json")


def make_blueprint(runtime: Runtime) -> Blueprint:
    """Tell, list and read arrivals."""
    blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

    @blueprint.post("/arrivals")
    @access.machines
    def tell() -> Response:
        return _answered(lambda: writing.take(runtime, _need_shop(runtime)))

    @blueprint.get("/arrivals")
    @access.machines
    def listing() -> Response:
        return _answered(lambda: _read(runtime, reading.list_arrivals))

    @blueprint.get("/arrivals/<arrival_id>")
    @access.machines
    def one(arrival_id: str) -> Response:
        return _answered(lambda: _read(runtime, reading.read_arrival, arrival_id))

    @blueprint.get("/openapi.json")
    @access.machines
    def description() -> Response:
        return Response(OPENAPI.read_bytes(), mimetype="application/json")

    return blueprint


def _answered(work: Callable[[], dict[str, Any]]) -> Response:
    try:
        return answer(200, work())
    except Problem as problem:
        return refuse(problem)
    except RequestEntityTooLarge:
        detail = f"Send at most {writing.MOST_ARRIVALS:,} arrivals and 2 MiB in one request."
        return refuse(Problem(413, "Too large", detail))


def _read(runtime: Runtime, read: Callable[..., dict[str, Any]], *words: str) -> dict[str, Any]:
    shop_id = _need_shop(runtime)
    with runtime.sessions.begin() as session:
        return read(session, shop_id, *words)


def _need_shop(runtime: Runtime) -> int:
    """The shop that the token is for."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    with runtime.sessions.begin() as session:
        shop = find_shop_by_token(session, token.strip()) if scheme.lower() == "bearer" else None
    if shop is None:
        detail = "Send the header `Authorization: Bearer …` with the token of `backline api-token SHOP`."
        raise Problem(401, "No such token", detail)
    _slow_down(runtime, shop.id)
    return shop.id


def _slow_down(runtime: Runtime, shop_id: int) -> None:
    """A loop gone wild must not starve the others. Without Redis nobody is counted, nor turned away."""
    window = int(runtime.clock().timestamp()) // MINUTE_S
    key = f"backline:api:{shop_id}:{window}"
    try:
        calls = int(runtime.redis.incr(key))
        runtime.redis.expire(key, 2 * MINUTE_S)
    except RedisError:
        return
    if calls > CALLS_A_MINUTE:
        detail = f"At most {CALLS_A_MINUTE} requests a minute: send more arrivals in each."
        raise Problem(429, "Too many requests", detail)
