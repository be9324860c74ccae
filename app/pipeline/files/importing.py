"""A file of purchase orders: rehearsed first, then taken in, line by line and never held whole."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.orm import Session, sessionmaker

from app.db import arrivals, inbound_feed, shops, uploads
from app.db.audit import record_event
from app.pipeline.arrivals import Bad, Catalog, Intake, Report, Wording, read_catalog
from app.pipeline.context import local_day, zone_of
from app.pipeline.edi.document import EdiDocument
from app.pipeline.edi.reading import read_edi
from app.pipeline.files.layout import Layout, examine
from app.pipeline.files.lines import read_lines
from app.pipeline.files.merging import merge_lines
from app.pipeline.files.options import Options
from app.pipeline.files.tally import Tally
from app.pipeline.files.text import Source

OrderFile = Layout | EdiDocument
"""A file that has been understood: a table, or an EDI document."""

_AT_ONCE = 1000
# Portions after which the database sees anew how much it holds.
_COUNTED_AFTER = (5, 20)


def examine_for_shop(
    session: Session, shop_id: int, source: Source, *, options: Options, now: datetime
) -> OrderFile:
    """Find out how to read a shop's file, by what it has, and by what was said of earlier files with the
    same header line. Raises `FileRefused`."""
    shop = shops.get_shop(session, shop_id)
    zone, known = zone_of(shop.time_zone), arrivals.items_by_sku(session, shop_id).keys()
    document = read_edi(source, options=options, known_skus=known, zone=zone)
    if document is not None:
        return document
    remembered = {
        key: msgspec.convert(said, Options) for key, said in uploads.layouts_of(session, shop_id).items()
    }
    return examine(
        source,
        options=options,
        known_skus=known,
        places=sorted(arrivals.locations(session, shop_id).values()),
        zone=zone,
        today=local_day(now, shop.time_zone),
        remember=remembered,
    )


def remember_layout(session: Session, shop_id: int, layout: OrderFile, *, now: datetime) -> None:
    """What was said of this file holds for later ones with the same header line."""
    said: dict[str, Any] = msgspec.to_builtins(layout.options.lasting(layout.read_on or now.date()))
    if layout.key and any(said.values()):
        uploads.keep_layout(session, shop_id, layout.key, said, now=now)


def import_file(
    sessions: sessionmaker[Session],
    shop_id: int,
    layout: OrderFile,
    *,
    name: str,
    now: datetime,
    is_rehearsal: bool,
    by: str = "",
    on_bad: Callable[[Bad], object] = lambda bad: None,
    list_name: str = "",
) -> Report:
    """Take a file's good lines, or rehearse it. Each thousand lines are committed alone: what is cut off
    is finished by the same import again, which finds the first lines unchanged. `list_name` is which
    list of everything open it is, where its header line does not say that.

    Raises `FileRefused` where the file can't be read on; what was taken stays.
    """
    with sessions.begin() as session:
        catalog = read_catalog(session, shop_id)
    intake = Intake(
        shop_id,
        catalog,
        source=_source(layout),
        cause=f"file {name}",
        now=now,
        is_rehearsal=is_rehearsal,
        on_bad=on_bad,
        only_place_stands=True,
        complete_list=(list_name or layout.key) if layout.key and layout.options.is_complete else None,
        is_whole=isinstance(layout, Layout) or layout.is_shipment,
        knows_deliveries=True,
    )
    _take_all(sessions, intake, _lines(layout, tally := Tally(), catalog))
    with sessions.begin() as session:
        intake.finish(session)
        if not is_rehearsal and intake.report.changes:
            _record(session, shop_id, intake.report, name=name, by=by, now=now)
    _explain(intake.report, layout, tally)
    return intake.report


def _explain(report: Report, layout: OrderFile, tally: Tally) -> None:
    """How the file was understood, in front of what became of it."""
    places = [
        f'"{name}" is read as the shop\'s only location.'
        for name, _ in report.assumed_places.most_common(3)
    ]
    codes = [f"{_lines_of(count)} matched by {kind}." for kind, count in report.matched.items()]
    report.notes[:0] = [*layout.notes, *tally.sentences(), *codes, *places]


def _lines_of(count: int) -> str:
    return "1 line is" if count == 1 else f"{count:,} lines are"


def _source(layout: OrderFile) -> str:
    """A despatch advice is nearer to the goods than a list of purchase orders."""
    return "asn" if isinstance(layout, EdiDocument) and layout.is_shipment else "csv"


def _lines(layout: OrderFile, tally: Tally, catalog: Catalog) -> Iterator[Wording | Bad]:
    if isinstance(layout, Layout):
        return read_lines(layout, tally)
    return iter(merge_lines(layout.wordings(catalog.place_by_word)))


def _record(
    session: Session, shop_id: int, report: Report, *, name: str, by: str, now: datetime
) -> None:
    record_event(
        session,
        shop_id,
        "arrivals imported",
        at=now,
        after=f"{report.new} new, {report.changed} changed, {report.cancelled} canceled",
        why=f"by {by}" if by else "",
        cause=f"file {name}",
    )


def _take_all(sessions: sessionmaker[Session], intake: Intake, lines: Iterator[Wording | Bad]) -> None:
    for number, portion in enumerate(_portions(lines)):
        if number in _COUNTED_AFTER:
            with sessions.begin() as session:
                inbound_feed.count_anew(session)
        with sessions.begin() as session:
            intake.take(session, portion)


def _portions(lines: Iterator[Wording | Bad]) -> Iterator[list[Wording | Bad]]:
    """The lines in portions; the deliveries of one order line stay together."""
    portion: list[Wording | Bad] = []
    for line in lines:
        begins = isinstance(line, Bad) or line.part == 1
        if len(portion) >= _AT_ONCE and begins:
            yield portion
            portion = []
        portion.append(line)
    if portion:
        yield portion
