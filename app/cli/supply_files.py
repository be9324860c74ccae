"""The import of files of purchase orders."""

import sys
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from app.cli.common import find_shop, open_runtime
from app.cli.output import BY, console, fail
from app.core.states import ShopStatus
from app.db import shops
from app.db.models import Shop
from app.pipeline import doorbell
from app.pipeline.arrivals import Bad, Report
from app.pipeline.files.days import WEEKDAYS
from app.pipeline.files.importing import OrderFile, examine_for_shop, import_file, remember_layout
from app.pipeline.files.options import Options, options_in_words
from app.pipeline.files.text import FileRefused
from app.pipeline.files.vocabulary import IN_WORDS
from app.pipeline.runtime import Runtime

_SHOWN_SKUS = 20


@click.command(name="import")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shop", "domain", metavar="SHOP", help="Needed only if there are several.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="WHAT=NAME",
    help='Which column holds what, such as sku="Master SKU"; "none" for a column not to use.',
)
@click.option(
    "--value",
    "values",
    multiple=True,
    metavar="WHAT=TEXT",
    help="What every line means that does not say it, such as reference=PO-17.",
)
@click.option(
    "--counts",
    "counts",
    multiple=True,
    metavar="WHAT=KIND",
    help="Whether a column counts units or packs, such as outstanding=units.",
)
@click.option(
    "--status",
    "states",
    multiple=True,
    metavar="WORD=MEANING",
    help="What a status means: open, draft, canceled, or closed.",
)
@click.option("--sku", "skus", multiple=True, metavar="SKU=SKU", help="The shop's SKU that is meant.")
@click.option("--accept-skus", is_flag=True, help="Use the nearest SKU for every unknown one.")
@click.option(
    "--place", "places", multiple=True, metavar="NAME=LOCATION", help="The location that is meant."
)
@click.option("--sheet", metavar="NAME", help="Which sheet of a workbook to import.")
@click.option(
    "--date-format",
    "date_order",
    type=click.Choice(["dmy", "mdy"]),
    help="Which number of 3/4/2026 is the day; needed only if the file does not show it.",
)
@click.option(
    "--decimal",
    type=click.Choice(["point", "comma"]),
    help="The decimal sign of numbers such as 1.200; needed only if the file does not show it.",
)
@click.option(
    "--week-day",
    type=click.Choice([*WEEKDAYS]),
    help="The day on which goods come where the file names a week only; Friday unless said.",
)
@click.option(
    "--first-column",
    "first_day",
    metavar="DAY",
    help="The day that the first of the columns of days, weeks, or months means, such as 2026-12-31.",
)
@click.option(
    "--complete",
    "is_complete",
    is_flag=True,
    help="The file holds every open purchase order: those no longer in it are closed.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and stop.")
@click.option("--yes", is_flag=True, help="Import the valid lines without asking.")
def import_supply(
    path: Path, domain: str | None, *, accept_skus: bool, dry_run: bool, yes: bool, **said: Any
) -> None:
    """Import expected deliveries from a file of purchase orders (CSV, TSV, XLSX, XLS, ODS). It is
    rehearsed first: which column is used for what, every line that can't be used, and what would change
    are shown, and nothing changes before you agree. What you say of a file is kept for later files with
    the same header line."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = _only_shop(session) if domain is None else find_shop(session, domain)
        try:
            layout, report = _rehearse(runtime, shop, path, options_in_words(**said))
            meant = {sku: near for sku, near in report.unknown_skus.items() if near}
            if accept_skus and meant:
                words = [f"{sku}={near}" for sku, near in meant.items()]
                said["skus"] = (*words, *said["skus"])
                layout, report = _rehearse(runtime, shop, path, options_in_words(**said), is_again=True)
            if dry_run or not report.changes:
                return
            if not yes and not (sys.stdin.isatty() and click.confirm("Import the valid lines?")):
                fail("Nothing imported. Re-run with --yes to import the valid lines.")
            _import(runtime, shop, path, layout, is_rehearsal=False)
            with runtime.sessions.begin() as session:
                remember_layout(session, shop.id, layout, now=runtime.clock())
        except (FileRefused, ValueError) as problem:
            fail(f"{path.name}: {problem}")
        doorbell.ring(runtime.redis, shop.id)
        console.print(f"Done: {report.changes:,} expected deliveries of {shop.domain} changed.")


def _rehearse(
    runtime: Runtime, shop: Shop, path: Path, options: Options, *, is_again: bool = False
) -> tuple[OrderFile, Report]:
    with runtime.sessions.begin() as session:
        layout = examine_for_shop(
            session, shop.id, lambda: path.open("rb"), options=options, now=runtime.clock()
        )
    report = _import(runtime, shop, path, layout, is_rehearsal=True)
    if not is_again:
        _show_layout(layout)
    _show_report(report)
    return layout, report


def _show_layout(layout: OrderFile) -> None:
    for role, name in layout.used.items():
        quoted = name if name.startswith('"') else f'"{name}"'
        click.echo(f"{quoted} is used as the {IN_WORDS[role]} ({role}).")
    if layout.unused:
        click.echo(f"Not used: {', '.join(layout.unused)}.")
    if layout.unknown_states:
        words = ", ".join(f'--status "{word}=open"' for word in layout.unknown_states)
        click.echo(f"Say what each status means (open, draft, canceled, or closed): {words}")


def _import(
    runtime: Runtime, shop: Shop, path: Path, layout: OrderFile, *, is_rehearsal: bool
) -> Report:
    return import_file(
        runtime.sessions,
        shop.id,
        layout,
        name=path.name,
        by=BY,
        now=runtime.clock(),
        is_rehearsal=is_rehearsal,
        on_bad=_show_bad if is_rehearsal else lambda bad: None,
    )


def _show_bad(bad: Bad) -> None:
    click.echo(f"line {bad.line}: {bad.reason}")


def _show_report(report: Report) -> None:
    for note in report.notes:
        click.echo(note)
    click.echo(
        f"{report.new:,} new, {report.changed:,} changed, {report.unchanged:,} unchanged, "
        f"{report.cancelled:,} no longer in the file (to be canceled), {report.bad:,} invalid."
    )
    if report.received:
        click.echo(f"{report.received:,} no longer in the file and received, as stock has come.")
    if report.not_coming:
        click.echo(
            f"{report.not_coming:,} not incoming (draft, canceled, closed, or received): not imported."
        )
    if report.undated:
        click.echo(
            f"{report.undated:,} without a date: nothing is promised of them, and a date that was known "
            "before is withdrawn."
        )
    if report.waiting:
        click.echo(
            f"{report.waiting:,} of them for SKUs that have not been ordered yet: each counts from its "
            "first order."
        )
    for sku, near in list(report.unknown_skus.items())[:_SHOWN_SKUS]:
        meant = f': did you mean {near}? Accept with --sku "{sku}={near}"' if near else ""
        click.echo(f"  unknown SKU {sku}{meant}")
    if len(report.unknown_skus) > _SHOWN_SKUS:
        click.echo(f"  and {len(report.unknown_skus) - _SHOWN_SKUS:,} more")


def _only_shop(session: Session) -> Shop:
    found = [shop for shop in shops.list_shops(session) if shop.status != ShopStatus.REMOVED]
    if len(found) != 1:
        names = ", ".join(shop.domain for shop in found) or "none yet"
        fail(f"Say with --shop which shop the arrivals are for. Connected: {names}.")
    return found[0]
