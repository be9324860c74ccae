"""Where files of purchase orders are fetched from on a schedule."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.states import FeedState
from app.db.models.base import Base


class FeedRow(Base):
    """One address that a shop's purchase orders are fetched from.

    `kind` is https or sftp. `address` is what people may see of it; the whole of it, which may hold a
    secret, is in `sealed` with the credentials (see `app.pipeline.feeds.source.Login`). `host_key` is
    the SFTP server's, once somebody confirmed it; `offered_host_key` what a server showed instead.
    `state` is a `FeedState`. The feed is read at `due_at` (None: not by itself), then every
    `every_hours`; `options` say how its files are read (see `FileLayoutRow`), `takes_good_lines` that a
    file with lines that can't be used is imported all the same. `mail_to` is told of what went wrong,
    once: `mailed_problem` is what it was told last.

    The last run: `ran_at`, its `outcome` (a `FeedOutcome`), the `problem`, the `report` of the last file
    that was rehearsed or imported, and `failures` in a row.
    What was read before: of an address `etag`, `modified` and the `digest` of the content, of a folder
    `files` by name. A file that was refused is held, so that it can be looked at.
    """

    __tablename__ = "feeds"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    feed_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    address: Mapped[str]
    sealed: Mapped[str]
    host_key: Mapped[str | None]
    offered_host_key: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=FeedState.TRIAL)
    every_hours: Mapped[int] = mapped_column(sa.Integer(), default=24)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    takes_good_lines: Mapped[bool] = mapped_column(default=False)
    mail_to: Mapped[str] = mapped_column(default="")
    mailed_problem: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    ran_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="")
    problem: Mapped[str] = mapped_column(default="")
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    failures: Mapped[int] = mapped_column(sa.Integer(), default=0)
    etag: Mapped[str] = mapped_column(default="")
    modified: Mapped[str] = mapped_column(default="")
    digest: Mapped[str] = mapped_column(default="")
    files: Mapped[dict[str, Any]] = mapped_column(default=dict)
    held_name: Mapped[str] = mapped_column(default="")
    held_content: Mapped[bytes | None] = mapped_column(deferred=True)
