"""Files of arrivals between their upload and the merchant's word, and how files are to be read."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import FileLayoutRow, UploadRow
from app.db.statements import Given, Rows, upsert

KEPT = timedelta(days=1)


def keep_upload(
    session: Session,
    shop_id: int,
    *,
    name: str,
    content: bytes,
    options: dict[str, Any],
    now: datetime,
) -> str:
    """Keep a file for a day at most; returns the id by which it is found. A shop has one: the one
    before is dropped."""
    session.execute(sa.delete(UploadRow).where(UploadRow.shop_id == shop_id))
    upload_id = secrets.token_urlsafe(12)
    session.add(
        UploadRow(
            shop_id=shop_id,
            upload_id=upload_id,
            name=name,
            options=options,
            content=content,
            uploaded_at=now,
        )
    )
    return upload_id


def find_upload(session: Session, shop_id: int, upload_id: str) -> UploadRow | None:
    """A file that still waits."""
    return session.get(UploadRow, (shop_id, upload_id))


def drop_upload(session: Session, shop_id: int, upload_id: str) -> None:
    """The merchant has decided."""
    where = (UploadRow.shop_id == shop_id, UploadRow.upload_id == upload_id)
    session.execute(sa.delete(UploadRow).where(*where))


def old_uploads(shop_id: Given[int], *, before: Given[datetime]) -> Rows:
    """What nobody decided about."""
    where = (UploadRow.shop_id == shop_id, UploadRow.uploaded_at < before)
    return Rows(UploadRow, UploadRow.upload_id, where)


def layouts_of(session: Session, shop_id: int) -> dict[str, dict[str, Any]]:
    """What was said of how files are to be read, by the key of their header line."""
    where = FileLayoutRow.shop_id == shop_id
    statement = sa.select(FileLayoutRow.header_key, FileLayoutRow.options).where(where)
    return dict(session.execute(statement).all())


def keep_layout(
    session: Session, shop_id: int, header_key: str, options: dict[str, Any], *, now: datetime
) -> None:
    """Read files with this header line so from now on."""
    row = {"shop_id": shop_id, "header_key": header_key, "options": options, "updated_at": now}
    upsert(session, FileLayoutRow, [row])
