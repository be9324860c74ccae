"""The address at which another system tells a shop's arrivals: `POST /api/v1/arrivals`.

Described for its callers in docs/api.md.
"""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta
from redis.exceptions import RedisError
from werkzeug.exceptions import RequestEntityTooLarge

from app.core.bounds import MOST_UNITS, read_day
from app.db.api_tokens import find_shop_by_token
from app.pipeline import doorbell
from app.pipeline.arrivals import LONGEST_TEXT, Bad, Intake, Wording, read_catalog
from app.pipeline.runtime import Runtime
from app.platforms.text import printable
from app.web import access

MOST_ARRIVALS = 1000
CALLS_A_MINUTE = 120
_MINUTE_S = 60

_Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]
_NeededText = Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]
_Units = Annotated[int, Meta(ge=0, le=MOST_UNITS)]


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    arrivals: list[Any]


class _Arrival(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reference: _NeededText
    sku: _NeededText
    quantity: _Units
    expected_on: str | None
    location: _Text | int = ""
    supplier: _Text = ""
    ordered_on: str | None = None
    received: _Units | None = None
    received_on: str | None = None


class _Problem(Exception):
    """The whole request is refused; see RFC 9457."""

    def __init__(self, status: int, title: str, detail: str, **more: object) -> None:
        super().__init__(detail)
        self.body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
        self.status = status


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The one address there is."""
    blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

    @blueprint.post("/arrivals")
    @access.machines
    def arrivals() -> Response:
        try:
            return _answer(200, _take(runtime, _need_shop(runtime)))
        except _Problem as problem:
            return _refuse(problem)
        except RequestEntityTooLarge:
            detail = f"Send at most {MOST_ARRIVALS:,} arrivals and 2 MiB in one request."
            return _refuse(_Problem(413, "Too large", detail))

    return blueprint


def _need_shop(runtime: Runtime) -> int:
    """The shop that the token is for."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    with runtime.sessions.begin() as session:
        shop = find_shop_by_token(session, token.strip()) if scheme.lower() == "bearer" else None
    if shop is None:
        detail = "Send the header `Authorization: Bearer …` with the token of `backline api-token SHOP`."
        raise _Problem(401, "No such token", detail)
    _slow_down(runtime, shop.id)
    return shop.id


def _slow_down(runtime: Runtime, shop_id: int) -> None:
    """A loop gone wild must not starve the others. Without Redis nobody is counted, nor turned away."""
    window = int(runtime.clock().timestamp()) // _MINUTE_S
    key = f"backline:api:{shop_id}:{window}"
    try:
        calls = int(runtime.redis.incr(key))
        runtime.redis.expire(key, 2 * _MINUTE_S)
    except RedisError:
        return
    if calls > CALLS_A_MINUTE:
        detail = f"At most {CALLS_A_MINUTE} requests a minute: send more arrivals in each."
        raise _Problem(429, "Too many requests", detail)


def _take(runtime: Runtime, shop_id: int) -> dict[str, Any]:
    """Record the good ones, and say of each bad one why."""
    told = list(_read_all(_body()))
    skus = {one.sku for one in told if isinstance(one, Wording)}
    bad: list[Bad] = []
    now = runtime.clock()
    with runtime.sessions.begin() as session:
        catalog = read_catalog(session, shop_id, skus)
        intake = Intake(
            shop_id, catalog, source="api", cause="the JSON address", now=now, on_bad=bad.append
        )
        intake.take(session, told)
        intake.finish(session)
    report = intake.report
    if report.changes:
        doorbell.ring(runtime.redis, shop_id)
    errors = [{"index": one.line, "reference": one.reference, "reason": one.reason} for one in bad]
    if told and not (report.good or report.undated):
        raise _Problem(422, "No arrival could be used", "Nothing was changed.", errors=errors)
    return {
        "new": report.new,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "cancelled": report.cancelled,
        "waiting_for_item": report.waiting,
        "without_date": report.undated,
        "errors": errors,
    }


def _body() -> list[Any]:
    if request.mimetype != "application/json":
        raise _Problem(415, "Not JSON", "Send the header `Content-Type: application/json`.")
    try:
        body = msgspec.json.decode(request.get_data(), type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _Problem(422, "Unreadable", f'Send {{"arrivals": [...]}}: {error}.') from error
    if len(body.arrivals) > MOST_ARRIVALS:
        detail = f"{len(body.arrivals):,} arrivals: send at most {MOST_ARRIVALS:,} in one request."
        raise _Problem(413, "Too many", detail)
    return body.arrivals


def _read_all(rows: list[Any]) -> Iterator[Wording | Bad]:
    """Each by its place in the list, counted from 0."""
    for index, raw in enumerate(rows):
        try:
            yield _read(index, raw)
        except (msgspec.ValidationError, ValueError) as error:
            given = raw.get("reference") if isinstance(raw, dict) else None
            reference = _one_line(given)[:LONGEST_TEXT] if isinstance(given, str) else ""
            yield Bad(index, str(error), reference)


def _read(index: int, raw: Any) -> Wording:
    row = msgspec.convert(raw, type=_Arrival)
    reference, sku = _one_line(row.reference), _one_line(row.sku)
    if not reference or not sku:
        raise ValueError("Reference and SKU must not be blank")
    return Wording(
        line=index,
        reference=reference,
        sku=sku,
        quantity=row.quantity,
        expected_on=_day("expected_on", row.expected_on),
        location=_one_line(str(row.location)),
        supplier=_one_line(row.supplier),
        ordered_on=_day("ordered_on", row.ordered_on),
        received=row.received,
        received_on=_day("received_on", row.received_on),
    )


def _day(name: str, text: str | None) -> date | None:
    try:
        return None if text is None else read_day(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())


def _answer(status: int, body: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), status=status, mimetype="application/json")


def _refuse(problem: _Problem) -> Response:
    response = _answer(problem.status, problem.body)
    response.mimetype = "application/problem+json"
    if problem.status == 401:  # noqa: PLR2004 -- the standard asks for it
        response.headers["WWW-Authenticate"] = "Bearer"
    if problem.status == 429:  # noqa: PLR2004
        response.headers["Retry-After"] = str(_MINUTE_S)
    return response
