"""The addresses that a shop's purchase orders are fetched from, and what came of it."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from app.core.states import FeedState
from app.db.models import FeedRow
from app.db.statements import affected_rows

MOST_FEEDS = 20
"""Of one shop: each may hold a worker for most of a minute."""

# A run that was cut off is made again after so long; a run takes less.
_CUT_OFF = timedelta(minutes=5)


def list_feeds(session: Session, shop_id: int) -> Sequence[FeedRow]:
    """All of a shop, by name."""
    where = FeedRow.shop_id == shop_id
    return session.scalars(sa.select(FeedRow).where(where).order_by(FeedRow.name, FeedRow.feed_id)).all()


def find_feed(session: Session, shop_id: int, feed_id: str) -> FeedRow | None:
    """One of them."""
    return session.get(FeedRow, (shop_id, feed_id))


def add_feed(session: Session, shop_id: int, *, now: datetime, **values: Any) -> FeedRow:
    """A new one, to be read at once."""
    feed = FeedRow(
        shop_id=shop_id, feed_id=secrets.token_urlsafe(9), made_at=now, due_at=now, files={}, **values
    )
    session.add(feed)
    session.flush()
    return feed


def remove_feed(session: Session, shop_id: int, feed_id: str) -> None:
    """Fetch nothing from there any more. What was imported stays."""
    where = (FeedRow.shop_id == shop_id, FeedRow.feed_id == feed_id)
    session.execute(sa.delete(FeedRow).where(*where))


def forget_all(session: Session, shop_id: int) -> None:
    """The shop is left: no login of its suppliers is kept."""
    session.execute(sa.delete(FeedRow).where(FeedRow.shop_id == shop_id))


def switch(feed: FeedRow, state: FeedState, *, now: datetime) -> None:
    """Put a feed on trial, on, or off. One that reads is read at once."""
    feed.state = state
    feed.due_at = None if state == FeedState.OFF else now


def ask_to_read(feed: FeedRow, *, now: datetime) -> None:
    """Read it now, files that were refused too: somebody may have said how they are to be read."""
    feed.due_at = now
    feed.files = {
        name: [size, modified_s, "ready" if state == "refused" else state]
        for name, (size, modified_s, state) in feed.files.items()
    }


def confirm_host_key(feed: FeedRow, host_key: str, *, now: datetime) -> bool:
    """From here on this is the server's key, if it is still the one that was shown. Returns whether it
    was."""
    if not host_key or host_key != feed.offered_host_key:
        return False
    feed.host_key, feed.offered_host_key, feed.problem = host_key, None, ""
    if feed.state != FeedState.OFF:
        feed.due_at = now
    return True


def take_due_feed(session: Session, shop_id: int, *, now: datetime) -> FeedRow | None:
    """The feed whose time has been over for longest. It is due again soon, in case that its run is cut
    off; `end_run` says when it really is."""
    due = (FeedRow.shop_id == shop_id, FeedRow.due_at <= now)
    feed = session.scalar(
        sa.select(FeedRow).where(*due).order_by(FeedRow.due_at, FeedRow.feed_id).limit(1)
    )
    if feed is not None:
        feed.due_at = now + _CUT_OFF
    return feed


def end_run(session: Session, feed: FeedRow, *, taken_due_at: datetime, **values: Any) -> None:
    """What came of a run. Where somebody asked meanwhile for another moment, or switched the feed off,
    that holds; where they removed it, nothing is kept."""
    mine = (FeedRow.shop_id == feed.shop_id, FeedRow.feed_id == feed.feed_id)
    again_at = values.pop("due_at")
    kept = affected_rows(session, sa.update(FeedRow).where(*mine).values(**values))
    if kept:
        untouched = (*mine, FeedRow.due_at == taken_due_at)
        session.execute(sa.update(FeedRow).where(*untouched).values(due_at=again_at))


def held_file(session: Session, shop_id: int, feed_id: str) -> tuple[str, bytes] | None:
    """The name and the bytes of the file that was refused last, until one is imported."""
    where = (FeedRow.shop_id == shop_id, FeedRow.feed_id == feed_id)
    feed = session.scalar(sa.select(FeedRow).where(*where).options(undefer(FeedRow.held_content)))
    if feed is None or feed.held_content is None:
        return None
    return feed.held_name, feed.held_content
