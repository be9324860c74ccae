"""Answers to requests that named themselves, so that one that is sent again is not done again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.db.models import ApiCallRow
from app.db.statements import Given, Rows, insert_new

KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was answered: the digest of its body, and the answer."""

    digest: str
    answer: dict[str, Any]


def begin_call(session: Session, shop_id: int, key: str, digest: str, *, now: datetime) -> Call | None:
    """Take the key for this request, for as long as its transaction lasts: another request with it
    waits. Returns the call that had it before, if there was one."""
    row = {"shop_id": shop_id, "key": key, "digest": digest, "answer": {}, "called_at": now}
    if insert_new(session, ApiCallRow, [row]):
        return None
    found = session.get_one(ApiCallRow, (shop_id, key), populate_existing=True)
    return Call(found.digest, found.answer)


def end_call(session: Session, shop_id: int, key: str, answer: dict[str, Any]) -> None:
    """Keep the answer with its key."""
    session.get_one(ApiCallRow, (shop_id, key)).answer = answer


def old_calls(shop_id: Given[int], *, before: Given[datetime]) -> Rows:
    """The keys of more than a day ago."""
    where = (ApiCallRow.shop_id == shop_id, ApiCallRow.called_at < before)
    return Rows(ApiCallRow, ApiCallRow.key, where)
