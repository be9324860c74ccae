"""`POST /api/v1/arrivals`: another system tells what is coming."""

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

import msgspec
from flask import request
from msgspec import Meta
from sqlalchemy.orm import Session

from app.core.bounds import MOST_UNITS, read_day
from app.core.states import ArrivalSource
from app.db import api_calls
from app.pipeline import doorbell
from app.pipeline.arrivals import LONGEST_TEXT, Bad, Intake, Report, Wording, read_catalog
from app.pipeline.runtime import Runtime
from app.platforms.text import printable
from app.web.api.answers import Problem

MOST_ARRIVALS = 1000
LONGEST_KEY = 255

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


def take(runtime: Runtime, shop_id: int) -> dict[str, Any]:
    """Record the valid ones, and say of each invalid one why. A request with an `Idempotency-Key` that
    was answered before gets the same answer, and nothing is done a second time."""
    key, digest = _key(), hashlib.sha256(request.get_data()).hexdigest()
    told = list(_read_all(_body()))
    with runtime.sessions.begin() as session:
        if key is not None:
            earlier = api_calls.begin_call(session, shop_id, key, digest, now=runtime.clock())
            if earlier is not None:
                return _the_same(earlier, digest)
        report, bad = _record(session, runtime, shop_id, told)
        answer = _in_json(report, bad)
        if told and not (report.good or report.undated):
            errors = answer["errors"]
            raise Problem(422, "No arrival could be used", "Nothing was changed.", errors=errors)
        if key is not None:
            api_calls.end_call(session, shop_id, key, answer)
    if report.changes:
        doorbell.ring(runtime.redis, shop_id)
    return answer


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= LONGEST_KEY and key.isprintable()):
        detail = f"An Idempotency-Key has 1 to {LONGEST_KEY} printable characters."
        raise Problem(400, "Not a key", detail)
    return key


def _the_same(earlier: api_calls.Call, digest: str) -> dict[str, Any]:
    if earlier.digest != digest:
        detail = "This Idempotency-Key came with another body before: use a new key for a new request."
        raise Problem(422, "Key used before", detail)
    return earlier.answer


def _record(
    session: Session, runtime: Runtime, shop_id: int, told: list[Wording | Bad]
) -> tuple[Report, list[Bad]]:
    bad: list[Bad] = []
    skus = {one.sku for one in told if isinstance(one, Wording)}
    intake = Intake(
        shop_id,
        read_catalog(session, shop_id, skus),
        source=ArrivalSource.API,
        cause="the JSON address",
        now=runtime.clock(),
        on_bad=bad.append,
    )
    intake.take(session, told)
    intake.finish(session)
    return intake.report, bad


def _in_json(report: Report, bad: list[Bad]) -> dict[str, Any]:
    return {
        "new": report.new,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "cancelled": report.cancelled,
        "not_incoming": report.not_coming,
        "waiting_for_item": report.waiting,
        "without_date": report.undated,
        "errors": [_error(one) for one in bad],
    }


def _error(bad: Bad) -> dict[str, Any]:
    """A problem of one arrival: `pointer` says where it stands in the request (RFC 6901)."""
    return {
        "type": "about:blank",
        "title": "This arrival can't be used",
        "detail": bad.reason,
        "pointer": f"/arrivals/{bad.line}",
        "index": bad.line,
        "reference": bad.reference,
        "reason": bad.reason,
    }


def _body() -> list[Any]:
    if request.mimetype != "application/json":
        raise Problem(415, "Not JSON", "Send the header `Content-Type: application/json`.")
    try:
        body = msgspec.json.decode(request.get_data(), type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(422, "Unreadable", f'Send {{"arrivals": [...]}}: {error}.') from error
    if len(body.arrivals) > MOST_ARRIVALS:
        detail = f"{len(body.arrivals):,} arrivals: send at most {MOST_ARRIVALS:,} in one request."
        raise Problem(413, "Too many", detail)
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
