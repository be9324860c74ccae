"""Files of arrivals between their upload and the merchant's word."""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import UploadRow

KEPT = timedelta(days=1)


def keep_upload(
    session: Session, shop_id: int, *, name: str, content: bytes, date_order: str | None, now: datetime
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
            date_order=date_order,
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


def forget_uploads(session: Session, shop_id: int, *, now: datetime) -> None:
    """Drop what nobody decided about."""
    where = (UploadRow.shop_id == shop_id, UploadRow.uploaded_at < now - KEPT)
    session.execute(sa.delete(UploadRow).where(*where))
