"""Commands about expected deliveries and lead times."""

import sys
from collections.abc import Sequence
from datetime import date
from typing import Any

import click
from rich.table import Table
from sqlalchemy.orm import Session

from app.cli.common import find_item, find_shop, open_runtime
from app.cli.group import Elsewhere, Group
from app.cli.output import BY, console, fail
from app.cli.values import DAY, ROW, UNITS
from app.core.bounds import MOST_UNITS
from app.core.states import ArrivalState
from app.db import arrivals, items, lead_times, stock
from app.db.models import ArrivalRow, Shop, StockItem
from app.pipeline import doorbell
from app.pipeline.arrivals import read_catalog
from app.pipeline.context import local_day
from app.pipeline.runtime import Runtime
from app.pipeline.serving import if_not_coming
from app.pipeline.whatif import Outcome, standing_of
from app.platforms.registry import PLATFORMS

_SHOWN = 10


@click.group(
    cls=Group,
    elsewhere={
        "import": Elsewhere(
            "app.cli.supply_files:import_supply",
            "Import expected deliveries from a file of purchase orders (CSV, TSV, XLSX, XLS, ODS).",
        ),
        "feed": Elsewhere(
            "app.cli.supply_feeds:feed_group",
            "Purchase orders that are read from an https:// address or an SFTP folder on a schedule.",
        ),
    },
)
def supply() -> None:
    """Manage expected deliveries and lead times."""


@supply.command()
@click.argument("domain", metavar="SHOP")
@click.argument("sku")
@click.option("--quantity", type=UNITS, required=True, help="Units expected.")
@click.option("--on", "expected_on", type=DAY, required=True, help="Expected date, YYYY-MM-DD.")
@click.option(
    "--location", help="Name or ID of the location; needed only if the item is stocked at several."
)
@click.option("--reference", default="", help="Purchase order number, for example.")
@click.option("--supplier", default="", help="Supplier name.")
def add(  # noqa: PLR0917 -- click passes them by name
    domain: str,
    sku: str,
    quantity: int,
    expected_on: date,
    location: str | None,
    reference: str,
    supplier: str,
) -> None:
    """Add an expected delivery of an item."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            item = find_item(session, shop, sku)
            arrival = arrivals.add_arrival(
                session,
                item,
                location_id=_location(session, item, location),
                quantity=quantity,
                expected_on=_not_past(expected_on, _today(runtime, shop)),
                reference=reference,
                supplier=supplier,
                by=BY,
                now=runtime.clock(),
            )
        doorbell.ring(runtime.redis, shop.id)
        console.print(f"Delivery {arrival.id} added: {quantity} × {sku} on {expected_on:%Y-%m-%d}.")


def _today(runtime: Runtime, shop: Shop) -> date:
    return local_day(runtime.clock(), shop.time_zone)


def _not_past(day: date, today: date) -> date:
    if day < today:
        fail(f"{day} has passed. Give the date on which the units are expected.")
    return day


def _location(session: Session, item: StockItem, wanted: str | None) -> int:
    pools = stock.pools_of(session, item.shop_id, [item.item_id])[item.item_id]
    names = {pool.location_name.casefold(): pool.location_id for pool in pools.values()}
    names |= {str(location_id): location_id for location_id in pools}
    if wanted is None and len(pools) == 1:
        return next(iter(pools))
    if wanted is not None and wanted.casefold() in names:
        return names[wanted.casefold()]
    places = ", ".join(f"{pool.location_name} ({pool.location_id})" for pool in pools.values())
    if not places:
        raise click.ClickException(
            f"No location of {item.sku} is known yet. Run `backline shops sync SHOP` first."
        )
    if wanted is None:
        raise click.ClickException(
            f"{item.sku} is stocked at several locations. Add --location with one of: {places}."
        )
    raise click.ClickException(f"No location {wanted!r} for {item.sku}. Choose one of: {places}.")


@supply.command(name="list")
@click.argument("domain", metavar="SHOP")
@click.option("--all", "is_all", is_flag=True, help="Include received and canceled deliveries.")
def list_supply(domain: str, *, is_all: bool) -> None:
    """List open deliveries, and how many units of each count."""
    with open_runtime() as runtime, runtime.sessions.begin() as session:
        shop = find_shop(session, domain)
        names = ("ID", "SKU", "quantity", "received", "counts", "expected", "reference", "source")
        table = Table(*names, *(["state"] if is_all else []))
        found = arrivals.list_arrivals(session, shop.id, is_open=not is_all)
        counts = arrivals.units_that_count(session, shop.id, {row.item_id for row, _ in found})
        for row, sku in found:
            table.add_row(
                str(row.id),
                sku,
                str(row.quantity),
                str(row.received),
                "not ordered yet" if row.item_id is None else str(counts.get(row.id, 0)),
                "no date" if row.state == ArrivalState.UNDATED else row.expected_on.isoformat(),
                f"{row.reference} from {row.supplier}" if row.supplier else row.reference,
                row.source,
                *([row.state.replace("cancelled", "canceled")] if is_all else []),
            )
        console.print(table)


@supply.command()
@click.argument("domain", metavar="SHOP")
@click.argument("delivery", type=ROW)
@click.option("--quantity", type=UNITS, help="Units received now; without it, all that are open.")
@click.option("--final", is_flag=True, help="The rest will not come.")
@click.option("--yes", is_flag=True, help="Don't ask before receiving in full.")
def receive(domain: str, delivery: int, quantity: int | None, *, final: bool, yes: bool) -> None:
    """Mark units of a delivery as received, so that they are not promised twice."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            row = _open_arrival(session, shop, delivery)
            received = _received(row, quantity, is_final=final, domain=domain)
            if quantity is None:
                _agree(session, shop, row, runtime, is_agreed=yes)
            arrivals.change_arrival(
                session, row, received=received, is_over=final, by=BY, now=runtime.clock()
            )
        doorbell.ring(runtime.redis, shop.id)
        rest = " No more units are expected." if row.state == ArrivalState.RECEIVED else ""
        console.print(f"Delivery {delivery}: {row.received} of {row.quantity} received.{rest}")
        if row.state == ArrivalState.RECEIVED:
            console.print(f"To undo: backline supply reopen {domain} {delivery}")


def _received(row: ArrivalRow, quantity: int | None, *, is_final: bool, domain: str) -> int:
    if quantity is None:
        return row.received if is_final else max(row.quantity, row.received)
    received = row.received + quantity
    if received > row.quantity:
        fail(
            f"Delivery {row.id} is for {row.quantity} units, {row.received} of them received: "
            f"{quantity} more would be {received - row.quantity} too many. If more came than expected, "
            f"run `backline supply edit {domain} {row.id} --quantity {received}` first."
        )
    return received


def _agree(session: Session, shop: Shop, row: ArrivalRow, runtime: Runtime, *, is_agreed: bool) -> None:
    """Show what follows, and ask whoever can answer."""
    item = None
    if row.item_id is not None:
        item = items.find_item(session, shop.id, row.item_id)
    outcomes: Sequence[Outcome] = ()
    if item is not None:
        standing = standing_of(session, shop, item, now=runtime.clock())
        outcomes = if_not_coming(session, standing, row.id)
    if outcomes:
        count = f"{len(outcomes)} order{'' if len(outcomes) == 1 else 's'}"
        click.echo(f"Unless the units are in stock already, {count} would change:")
    for each in outcomes[:_SHOWN]:
        was, then = (day.expected_on or "no date" for day in (each.was, each.would_be))
        click.echo(f"  {each.name}: {was} -> {then}")
    if len(outcomes) > _SHOWN:
        click.echo(f"  and {len(outcomes) - _SHOWN} more")
    if outcomes and not is_agreed and sys.stdin.isatty() and not click.confirm("Continue?"):
        fail("Nothing changed.")


@supply.command()
@click.argument("domain", metavar="SHOP")
@click.argument("delivery", type=ROW)
@click.option("--quantity", type=UNITS, help="Units in total, received ones included.")
@click.option(
    "--received", type=click.IntRange(0, MOST_UNITS), help="Units received so far, to correct it."
)
@click.option("--on", "expected_on", type=DAY, help="Expected date, YYYY-MM-DD.")
@click.option("--location", help="Name or ID of the location.")
@click.option("--reference", help="Purchase order number, for example.")
@click.option("--supplier", help="Supplier name.")
def edit(
    domain: str, delivery: int, expected_on: date | None, location: str | None, **others: Any
) -> None:
    """Change a delivery. What you leave out stays as it is."""
    if all(value is None for value in (expected_on, location, *others.values())):
        fail(
            "Nothing to change. Add at least one of --quantity, --received, --on, --location, "
            "--reference, --supplier."
        )
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            row = _open_arrival(session, shop, delivery, may_be_received=True)
            before = _told_of(row)
            _check_units(row, others["quantity"], others["received"])
            day = expected_on and _not_past(expected_on, _today(runtime, shop))
            arrivals.change_arrival(
                session,
                row,
                expected_on=day,
                location_id=None if location is None else _place(session, shop, location),
                **others,
                by=BY,
                now=runtime.clock(),
            )
            is_same = before == _told_of(row)
        doorbell.ring(runtime.redis, shop.id)
        said = "already was" if is_same else "is now"
        console.print(f"Delivery {delivery} {said}: {arrivals.in_words(row)}.")


def _told_of(row: ArrivalRow) -> tuple[str, str, int | None]:
    return (arrivals.in_words(row), row.supplier, row.location_id)


def _check_units(row: ArrivalRow, quantity: int | None, received: int | None) -> None:
    in_all = row.quantity if quantity is None else quantity
    had = row.received if received is None else received
    if had > in_all:
        fail(f"{had} units can't be received of a delivery of {in_all}. Nothing changed.")


@supply.command()
@click.argument("domain", metavar="SHOP")
@click.argument("delivery", type=ROW)
@click.option("--yes", is_flag=True, help="Don't ask.")
def cancel(domain: str, delivery: int, *, yes: bool) -> None:
    """Cancel a delivery that will not come."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            row = _open_arrival(session, shop, delivery)
            _agree(session, shop, row, runtime, is_agreed=yes)
            arrivals.change_arrival(session, row, is_cancelled=True, by=BY, now=runtime.clock())
        doorbell.ring(runtime.redis, shop.id)
        console.print(f"Delivery {delivery} canceled.")
        console.print(f"To undo: backline supply reopen {domain} {delivery}")


@supply.command()
@click.argument("domain", metavar="SHOP")
@click.argument("delivery", type=ROW)
@click.option(
    "--received",
    type=click.IntRange(0, MOST_UNITS),
    default=0,
    show_default=True,
    help="Units of it that really were received.",
)
def reopen(domain: str, delivery: int, received: int) -> None:
    """Expect a delivery again that was canceled or received by mistake."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            row = _own_arrival(session, shop, delivery)
            if row.state in arrivals.OPEN:
                fail(f"Delivery {delivery} is open: {arrivals.in_words(row)}.")
            if received >= row.quantity:
                fail(f"With {received} of {row.quantity} units received there is nothing to expect.")
            arrivals.change_arrival(session, row, received=received, by=BY, now=runtime.clock())
        doorbell.ring(runtime.redis, shop.id)
        console.print(f"Delivery {delivery} is expected again: {arrivals.in_words(row)}.")


def _open_arrival(
    session: Session, shop: Shop, number: int, *, may_be_received: bool = False
) -> ArrivalRow:
    row = _own_arrival(session, shop, number)
    if row.state in arrivals.OPEN or (may_be_received and row.state == ArrivalState.RECEIVED):
        return row
    state = row.state.replace("cancelled", "canceled")
    raise click.ClickException(
        f"Delivery {number} is {state} already. To expect it again: "
        f"`backline supply reopen {shop.domain} {number}`."
    )


def _own_arrival(session: Session, shop: Shop, number: int) -> ArrivalRow:
    row = arrivals.find_arrival(session, shop.id, number)
    if row is None:
        fail(f"{shop.domain} has no delivery {number}. See `backline supply list {shop.domain}`.")
    if row.source in arrivals.KEPT_THERE:
        kind, title = arrivals.KEPT_THERE[row.source], PLATFORMS[shop.platform].title
        fail(f"Delivery {number} is {kind} {row.reference} in {title}. Change it there.")
    return row


def _place(session: Session, shop: Shop, wanted: str) -> int:
    catalog = read_catalog(session, shop.id, ())
    found = catalog.place_by_word.get(wanted.casefold())
    if found is None:
        fail(f"No location {wanted!r}. Choose one of: {', '.join(catalog.places.values())}.")
    return found


@supply.command(name="lead-time")
@click.argument("domain", metavar="SHOP")
@click.option("--days", type=click.IntRange(min=0, max=730), help="Calendar days.")
@click.option("--clear", "is_cleared", is_flag=True, help="Remove the lead time.")
@click.option("--sku", help="For this item only.")
def lead_time(domain: str, days: int | None, sku: str | None, *, is_cleared: bool) -> None:
    """Show or set the lead time, used when no delivery is scheduled."""
    if is_cleared and days is not None:
        fail("Give either --days or --clear.")
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            item = None if sku is None else find_item(session, shop, sku)
            if days is not None or is_cleared:
                if item is None:
                    lead_times.set_shop_lead_time(session, shop, days, now=runtime.clock())
                else:
                    lead_times.set_lead_time(session, item, days, now=runtime.clock())
            known = shop.lead_time_days if item is None else item.lead_time_days
        doorbell.ring(runtime.redis, shop.id)
        said = "not set" if known is None else f"{known} day{'' if known == 1 else 's'}"
        console.print(f"Lead time of {sku or domain}: {said}.")
