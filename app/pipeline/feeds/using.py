"""A fetched file: rehearsed, and imported only if nobody has to be asked."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from app.core.states import FeedOutcome, FeedState
from app.db.models import FeedRow
from app.pipeline.arrivals import Bad, Report
from app.pipeline.context import ShopContext
from app.pipeline.files.importing import OrderFile, examine_for_shop, import_file
from app.pipeline.files.options import Options
from app.pipeline.files.text import FileRefused, printable

_KEPT_BAD, _TOLD_BAD, _KEPT_NOTES = 50, 5, 20


@dataclass(frozen=True, slots=True)
class Used:
    """What became of a file: `outcome` is imported, rehearsed or failed. The `report` is as it stands on
    the page."""

    outcome: FeedOutcome
    problem: str = ""
    report: dict[str, Any] = field(default_factory=dict)


def use_file(context: ShopContext, feed: FeedRow, name: str, content: bytes) -> Used:
    """Rehearse a file, then import it, unless the feed is on trial or something is wrong with it. A file
    that is refused has changed nothing."""
    bad: list[Bad] = []
    try:
        layout = _examine(context, feed, content)
        report = _import(context, feed, layout, name, bad=bad, is_rehearsal=True)
    except FileRefused as refused:
        return Used(FeedOutcome.FAILED, str(refused), {"file": printable(name)})
    shown = _shown(report, bad, name)
    problem = _objection(feed, report, bad)
    if problem:
        return Used(FeedOutcome.FAILED, problem, shown)
    if feed.state == FeedState.TRIAL:
        return Used(FeedOutcome.REHEARSED, _unusable(report, bad), shown)
    _import(context, feed, layout, name, bad=[], is_rehearsal=False)
    return Used(FeedOutcome.IMPORTED, _unusable(report, bad), shown)


def _examine(context: ShopContext, feed: FeedRow, content: bytes) -> OrderFile:
    options = msgspec.convert(feed.options, Options)
    with context.transaction() as session:
        return examine_for_shop(
            session, context.shop_id, lambda: io.BytesIO(content), options=options, now=context.clock()
        )


def _import(
    context: ShopContext,
    feed: FeedRow,
    layout: OrderFile,
    name: str,
    *,
    bad: list[Bad],
    is_rehearsal: bool,
) -> Report:
    return import_file(
        context.sessions,
        context.shop_id,
        layout,
        name=f"{feed.name}: {printable(name)}",
        now=context.clock(),
        is_rehearsal=is_rehearsal,
        on_bad=lambda one: bad.append(one) if len(bad) < _KEPT_BAD else None,
        # Two feeds may have the same header line; neither knows what the other lists.
        list_name=f"feed {feed.feed_id}",
    )


def _objection(feed: FeedRow, report: Report, bad: Sequence[Bad]) -> str:
    """Why nobody would import this file without looking."""
    if not report.good + report.not_coming:
        return _unusable(report, bad) or "The file holds no purchase orders."
    if report.bad and not feed.takes_good_lines:
        return _unusable(report, bad)
    closed, kept = report.cancelled + report.received, report.changed + report.unchanged
    if feed.options.get("is_complete") and closed > kept:
        return (
            f"The file would close {closed:,} of {closed + kept:,} open purchase order lines: is it cut "
            "off? Import it yourself if it is right."
        )
    return ""


def _unusable(report: Report, bad: Sequence[Bad]) -> str:
    if not report.bad:
        return ""
    lines = "; ".join(f"line {one.line}: {one.reason}" for one in bad[:_TOLD_BAD])
    more = f"; and {report.bad - _TOLD_BAD:,} more" if report.bad > _TOLD_BAD else ""
    return f"{report.bad:,} {'line' if report.bad == 1 else 'lines'} can't be used ({lines}{more})."


def _shown(report: Report, bad: Sequence[Bad], name: str) -> dict[str, Any]:
    return {
        "file": printable(name),
        "new": report.new,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "not_coming": report.not_coming,
        "cancelled": report.cancelled,
        "received": report.received,
        "waiting": report.waiting,
        "undated": report.undated,
        "bad": report.bad,
        "notes": report.notes[:_KEPT_NOTES],
        "bad_lines": [[one.line, one.reason] for one in bad],
    }
