"""`GET /api/v1/arrivals`: what is known to be coming."""

from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.core.bounds import LARGEST_ID, read_whole
from app.core.states import ArrivalState
from app.db import arrivals
from app.db.models import ArrivalRow
from app.web.api.answers import Problem

MOST_AT_ONCE = 200
_STATES = {
    "open": arrivals.OPEN,
    **{state.value: (state,) for state in ArrivalState},
    "all": tuple(ArrivalState),
}


def list_arrivals(session: Session, shop_id: int) -> dict[str, Any]:
    """A page of arrivals by their numbers; `next` is the cursor of the page after it, or null."""
    limit = _number("limit", least=1, most=MOST_AT_ONCE, otherwise=100)
    rows = arrivals.page_of_arrivals(
        session,
        shop_id,
        states=_states(),
        sku=request.args.get("sku"),
        reference=request.args.get("reference"),
        after=_number("cursor", least=0, most=LARGEST_ID, otherwise=0),
        limit=limit + 1,
    )
    names = arrivals.locations(session, shop_id)
    shown = [_in_json(row, names) for row in rows[:limit]]
    return {"arrivals": shown, "next": str(rows[limit - 1].id) if len(rows) > limit else None}


def read_arrival(session: Session, shop_id: int, arrival_id: str) -> dict[str, Any]:
    """One arrival. Raises `Problem` if the shop has none with this number."""
    number = read_whole(arrival_id, least=1, most=LARGEST_ID)
    row = None if number is None else arrivals.find_arrival(session, shop_id, number)
    if row is None:
        raise Problem(404, "No such arrival", f"This shop has no arrival {arrival_id[:40]}.")
    return _in_json(row, arrivals.locations(session, shop_id))


def _states() -> tuple[str, ...]:
    state = request.args.get("state", "open")
    if state not in _STATES:
        raise Problem(400, "No such state", f"state is one of {', '.join(_STATES)}.")
    return _STATES[state]


def _number(name: str, *, least: int, most: int, otherwise: int) -> int:
    text = request.args.get(name)
    number = otherwise if text is None else read_whole(text, least=least, most=most)
    if number is None:
        raise Problem(400, "Not a number", f"{name} is a whole number from {least} to {most}.")
    return number


def _in_json(row: ArrivalRow, names: dict[int, str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "reference": row.reference,
        "sku": row.sku,
        "quantity": row.quantity,
        "received": row.received,
        "state": row.state,
        "expected_on": None if row.state == ArrivalState.UNDATED else row.expected_on.isoformat(),
        "first_expected_on": row.first_expected_on.isoformat(),
        "location": {"id": row.location_id, "name": names.get(row.location_id, "")},
        "supplier": row.supplier,
        "ordered_on": row.ordered_on.isoformat() if row.ordered_on else None,
        "received_at": row.received_at.isoformat() if row.received_at else None,
        "source": row.source,
        "updated_at": row.updated_at.isoformat(),
    }
