"""One run of a feed: what is new is fetched, rehearsed, imported; what went wrong is said."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from app.core.states import FeedOutcome, FeedState
from app.db import feeds, shops
from app.db.models import FeedRow
from app.db.shops import LeaseLostError
from app.errors import NeedsOperator
from app.mail import MailError
from app.pipeline.context import ShopContext
from app.pipeline.feeds.network import Deadline, FeedFailed, deadline
from app.pipeline.feeds.sftp import Folder, HostKeyOffered, RemoteFile, open_folder
from app.pipeline.feeds.source import LONGEST_RUN_S, Login, open_login
from app.pipeline.feeds.using import Used, use_file
from app.pipeline.feeds.web import fetch_file

# A file that is still being written grows: it is read once two looks this far apart see the same.
_SECOND_LOOK = timedelta(minutes=1)
_FIRST_RETRY = timedelta(minutes=10)
# No further file is begun after so long; what is left is read in the next run, at once.
_LAST_BEGIN_S = 20.0

log = structlog.get_logger()


@dataclass
class Run:
    """What is kept of a run: columns of the feed, and the moment of the next one (None: not by
    itself)."""

    values: dict[str, Any] = field(default_factory=dict)
    outcome: FeedOutcome = FeedOutcome.UNCHANGED
    problem: str = ""
    passes: bool = False
    due_at: datetime | None = None
    is_over: bool = False

    def note(self, used: Used, name: str, content: bytes) -> None:
        """A file was used. What went wrong with one is not hidden by the next."""
        self.values["report"] = used.report
        if self.outcome != FeedOutcome.FAILED:
            self.outcome = used.outcome
        if used.problem:
            self.problem = f"{name}: {used.problem}"
        if used.outcome == FeedOutcome.FAILED:
            self.values |= {"held_name": name, "held_content": content}
        elif self.outcome == FeedOutcome.IMPORTED:
            self.values |= {"held_name": "", "held_content": None}


def read_feed(context: ShopContext) -> bool:
    """Read the feed that has been due for longest. Returns whether there was one. Whatever its server
    does, the shop's other work goes on."""
    with context.transaction() as session:
        feed = feeds.take_due_feed(session, context.shop_id, now=context.clock())
    if feed is None or feed.due_at is None:
        return False
    run = _guarded(context, feed)
    now = context.clock()
    _plan(run, feed, now)
    mailed = _tell(context, feed, run)
    with context.transaction() as session:
        feeds.end_run(
            session,
            feed,
            taken_due_at=feed.due_at,
            due_at=run.due_at,
            ran_at=now,
            outcome=run.outcome,
            problem=run.problem,
            mailed_problem=mailed,
            failures=feed.failures + 1 if run.outcome == FeedOutcome.FAILED else 0,
            **run.values,
        )
    log.info("feed read", shop=context.shop_id, feed=feed.feed_id, outcome=run.outcome)
    return True


def _guarded(context: ShopContext, feed: FeedRow) -> Run:
    run = Run()
    try:
        login = open_login(feed, context.feed_access.keys)
        with deadline(LONGEST_RUN_S) as until:
            _READERS[feed.kind](context, feed, login, until, run)
    except HostKeyOffered as offered:
        run.values["offered_host_key"], run.is_over = offered.host_key, True
        run.outcome, run.problem = FeedOutcome.FAILED, str(offered)
    except (FeedFailed, NeedsOperator) as failed:
        run.outcome, run.problem = FeedOutcome.FAILED, str(failed)
        run.passes = isinstance(failed, NeedsOperator) or failed.passes
    except (LeaseLostError, DBAPIError):
        raise
    except Exception:  # whatever a stranger's server sends, the shop's other work goes on
        log.exception("a feed can't be read", shop=context.shop_id, feed=feed.feed_id)
        run.outcome = FeedOutcome.FAILED
        run.problem = "Backline could not read it, through an error of its own, which is in its log."
    return run


def _read_web(context: ShopContext, feed: FeedRow, login: Login, until: Deadline, run: Run) -> None:
    fetched = fetch_file(
        login,
        etag=feed.etag,
        modified=feed.modified,
        network=context.feed_access.network,
        until=until,
    )
    if fetched is None:
        return
    digest = sha256(fetched.content).hexdigest()
    if digest != feed.digest:
        run.note(use_file(context, feed, fetched.name, fetched.content), fetched.name, fetched.content)
    # A file that was refused, or rehearsed alone, is fetched again: it may be read otherwise by then.
    if run.outcome in (FeedOutcome.IMPORTED, FeedOutcome.UNCHANGED):
        run.values |= {"etag": fetched.etag, "modified": fetched.modified, "digest": digest}


def _read_folder(context: ShopContext, feed: FeedRow, login: Login, until: Deadline, run: Run) -> None:
    network = context.feed_access.network
    with open_folder(login, host_key=feed.host_key, network=network, until=until) as folder:
        listed = folder.files()
        if feed.state == FeedState.TRIAL:
            for file in listed[-1:]:
                _use_remote(context, feed, folder, file, run)
            return
        _read_new(context, feed, folder, listed, run)


def _read_new(
    context: ShopContext, feed: FeedRow, folder: Folder, listed: list[RemoteFile], run: Run
) -> None:
    """Files that nobody has read, oldest first. Of a feed that lists everything the newest says all."""
    begun = time.monotonic()
    seen = {file.name: _look(file, feed.files.get(file.name)) for file in listed}
    run.values["files"] = seen
    if feed.options.get("is_complete"):
        for older in listed[:-1]:
            seen[older.name] = _mark(older, "read")
    for file in listed:
        if seen[file.name][2] == "ready":
            if time.monotonic() - begun > _LAST_BEGIN_S:
                run.due_at = context.clock()
                return
            used = _use_remote(context, feed, folder, file, run)
            seen[file.name] = _mark(file, "refused" if used.outcome == FeedOutcome.FAILED else "read")
    if any(state == "new" for _, _, state in seen.values()):
        run.due_at = context.clock() + _SECOND_LOOK
        run.outcome = FeedOutcome.WAITING if run.outcome == FeedOutcome.UNCHANGED else run.outcome


def _mark(file: RemoteFile, state: str) -> list[Any]:
    return [file.size, file.modified_s, state]


def _look(file: RemoteFile, before: list[Any] | None) -> list[Any]:
    """A file seen twice alike is ready, unless it was read."""
    if before is None or before[:2] != [file.size, file.modified_s]:
        return _mark(file, "new")
    return _mark(file, "ready" if before[2] in ("new", "ready") else before[2])


def _use_remote(context: ShopContext, feed: FeedRow, folder: Folder, file: RemoteFile, run: Run) -> Used:
    content = folder.read(file)
    used = use_file(context, feed, file.name, content)
    run.note(used, file.name, content)
    return used


def _plan(run: Run, feed: FeedRow, now: datetime) -> None:
    """When to come again: what passes by itself is tried sooner than on schedule, ever later."""
    if run.is_over or run.due_at is not None:
        return
    usual = timedelta(hours=feed.every_hours)
    retry = min(usual, _FIRST_RETRY * 2 ** min(feed.failures, 10))
    run.due_at = now + (retry if run.passes else usual)


def _tell(context: ShopContext, feed: FeedRow, run: Run) -> str:
    """Mail what went wrong: once, and what passes by itself only if it did not. Returns what was told
    last."""
    if not run.problem:
        return ""
    is_told = run.problem == feed.mailed_problem or (run.passes and not feed.failures)
    if is_told or not feed.mail_to or context.feed_access.send_mail is None:
        return feed.mailed_problem
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
    text = _LETTER.format(
        feed=feed.name,
        shop=shop.name or shop.domain,
        problem=run.problem,
        result=_RESULTS[run.outcome],
        link=f"{context.app_url}/shops/{context.shop_id}/arrivals/feeds/{feed.feed_id}",
    )
    try:
        context.feed_access.send_mail(feed.mail_to, f"Purchase orders: {feed.name} needs a look", text)
    except MailError as error:
        log.warning("a mail about a feed did not leave", shop=context.shop_id, reason=str(error))
        return feed.mailed_problem
    return run.problem


_RESULTS = {
    FeedOutcome.FAILED: "Nothing of it was imported.",
    FeedOutcome.IMPORTED: "The other lines were imported.",
    FeedOutcome.REHEARSED: "Nothing was imported: the feed is on trial.",
}
_LETTER = """\
The purchase orders of the feed "{feed}" of {shop} could not all be read:

{problem}

{result} See what to do:
{link}

You get this email because your address is set for this feed. Remove it there to stop.
"""

_READERS: dict[str, Callable[[ShopContext, FeedRow, Login, Deadline, Run], None]] = {
    "https": _read_web,
    "sftp": _read_folder,
}
