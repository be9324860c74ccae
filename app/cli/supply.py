"""Commands about what is expected, and how long things take."""

from datetime import date

import click
from rich.table import Table
from sqlalchemy.orm import Session

from app.cli.common import BY, console, fail, find_item, find_shop, open_runtime
from app.cli.values import DAY, ROW, UNITS
from app.db import arrivals, lead_times, stock
from app.db.models import ArrivalRow, Shop, StockItem
from app.pipeline import doorbell
from app.pipeline.arrivals import read_catalog
from app.pipeline.context import local_day
from app.pipeline.runtime import Runtime


@click.group()
def supply() -> None:
    """Say what is expected, and how long things take."""


@supply.command()
@click.argument("domain", metavar="SHOP")
@click.argument("sku")
@click.option("--quantity", type=UNITS, required=True, help="Units expected.")
@click.option("--on", "expected_on", type=DAY, required=True, help="The day, YYYY-MM-DD.")
@click.option(
    "--location", help="Where they arrive: name or number; needed only if the item lies at several."
)
@click.option("--reference", default="", help="Your own word for it: a purchase order's number.")
@click.option("--supplier", default="", help="Who sends it.")
def add(  # noqa: PLR0917 -- click passes them by name
    domain: str,
    sku: str,
    quantity: int,
    expected_on: date,
    location: str | None,
    reference: str,
    supplier: str,
) -> None:
    """Expect units of an item on a day."""
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
        console.print(f"Arrival {arrival.id}: {quantity} × {sku} on {expected_on:%Y-%m-%d}.")


def _today(runtime: Runtime, shop: Shop) -> date:
    return local_day(runtime.clock(), shop.time_zone)


def _not_past(day: date, today: date) -> date:
    if day < today:
        fail(f"{day} has passed: give the day on which the units are expected.")
    return day


def _location(session: Session, item: StockItem, wanted: str | None) -> int:
    pools = stock.pools_of(session, item.shop_id, [item.item_id])[item.item_id]
    names = {pool.location_name.casefold(): pool.location_id for pool in pools.values()}
    names |= {str(location_id): location_id for location_id in pools}
    if wanted is None and len(pools) == 1:
        return next(iter(pools))
    if wanted is not None and wanted.casefold() in names:
        return names[wanted.casefold()]
    places = (
        ", ".join(f"{pool.location_name} ({pool.location_id})" for pool in pools.values())
        or "none known yet: sync the shop"
    )
    raise click.ClickException(f"Say with --location where {item.sku} arrives. It lies at: {places}.")


@supply.command(name="list")
@click.argument("domain", metavar="SHOP")
@click.option("--all", "is_all", is_flag=True, help="Also what has landed or was cancelled.")
def list_supply(domain: str, *, is_all: bool) -> None:
    """Every arrival that is still expected, and how many of its units count."""
    with open_runtime() as runtime, runtime.sessions.begin() as session:
        shop = find_shop(session, domain)
        names = ("arrival", "sku", "quantity", "received", "counts", "expected", "reference", "told by")
        table = Table(*names, *(["state"] if is_all else []))
        found = arrivals.list_arrivals(session, shop.id, is_open=not is_all)
        counts = arrivals.units_that_count(session, shop.id, {row.item_id for row, _ in found})
        for row, sku in found:
            table.add_row(
                str(row.id),
                sku,
                str(row.quantity),
                str(row.received),
                "no order yet" if row.item_id is None else str(counts.get(row.id, 0)),
                "no date" if row.state == "undated" else row.expected_on.isoformat(),
                f"{row.reference} from {row.supplier}" if row.supplier else row.reference,
                row.source,
                *([row.state] if is_all else []),
            )
        console.print(table)


@supply.command()
@click.argument("domain", metavar="SHOP")
@click.argument("arrival", type=ROW)
@click.option("--quantity", type=UNITS, help="Units that landed; left out: all of them.")
@click.option("--final", is_flag=True, help="What is missing will not come.")
def receive(domain: str, arrival: int, quantity: int | None, *, final: bool) -> None:
    """Units of an arrival have landed: nobody is promised them a second time."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            row = _own_arrival(session, shop, arrival)
            received = row.quantity if quantity is None else min(row.quantity, row.received + quantity)
            if quantity is None and final:
                received = row.received
            arrivals.change_arrival(
                session, row, received=received, is_over=final, by=BY, now=runtime.clock()
            )
        doorbell.ring(runtime.redis, shop.id)
        rest = " Nothing more is expected of it." if row.state == "received" else ""
        console.print(f"Arrival {arrival}: {row.received} of {row.quantity} received.{rest}")


@supply.command()
@click.argument("domain", metavar="SHOP")
@click.argument("arrival", type=ROW)
@click.option("--quantity", type=UNITS, help="Units in all, landed ones included.")
@click.option("--on", "expected_on", type=DAY, help="The day, YYYY-MM-DD.")
@click.option("--location", help="Where they arrive: name or number.")
@click.option("--reference", help="Your own word for it.")
@click.option("--supplier", help="Who sends it.")
def edit(  # noqa: PLR0917 -- click passes them by name
    domain: str,
    arrival: int,
    quantity: int | None,
    expected_on: date | None,
    location: str | None,
    reference: str | None,
    supplier: str | None,
) -> None:
    """Change an arrival: what is left out stays as it is."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            row = _own_arrival(session, shop, arrival)
            arrivals.change_arrival(
                session,
                row,
                quantity=quantity,
                expected_on=None
                if expected_on is None
                else _not_past(expected_on, _today(runtime, shop)),
                location_id=None if location is None else _place(session, shop, location),
                reference=reference,
                supplier=supplier,
                by=BY,
                now=runtime.clock(),
            )
        doorbell.ring(runtime.redis, shop.id)
        console.print(f"Arrival {arrival}: {arrivals.in_words(row)}.")


@supply.command()
@click.argument("domain", metavar="SHOP")
@click.argument("arrival", type=ROW)
def cancel(domain: str, arrival: int) -> None:
    """An arrival will not come: nobody is promised it any more."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            row = _own_arrival(session, shop, arrival)
            arrivals.change_arrival(session, row, is_cancelled=True, by=BY, now=runtime.clock())
        doorbell.ring(runtime.redis, shop.id)
        console.print(f"Arrival {arrival} is cancelled.")


def _own_arrival(session: Session, shop: Shop, number: int) -> ArrivalRow:
    row = arrivals.find_arrival(session, shop.id, number)
    if row is None:
        fail(f"{shop.domain} has no arrival {number}: see `backline supply list {shop.domain}`.")
    if row.source in arrivals.KEPT_THERE:
        kind = arrivals.KEPT_THERE[row.source]
        fail(f"Arrival {number} is {kind} {row.reference} in Shopify: change it there.")
    return row


def _place(session: Session, shop: Shop, wanted: str) -> int:
    catalog = read_catalog(session, shop.id, ())
    found = catalog.place_by_word.get(wanted.casefold())
    if found is None:
        fail(f"{shop.domain} has no location {wanted}: {', '.join(catalog.places.values())}.")
    return found


@supply.command(name="lead-time")
@click.argument("domain", metavar="SHOP")
@click.option(
    "--days", type=click.IntRange(min=0, max=730), help="Calendar days; left out: none is known."
)
@click.option("--sku", help="For this item only.")
def lead_time(domain: str, days: int | None, sku: str | None) -> None:
    """How long a restock takes where no arrival says better."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            if sku is None:
                lead_times.set_shop_lead_time(session, shop, days, now=runtime.clock())
            else:
                lead_times.set_lead_time(
                    session, find_item(session, shop, sku), days, now=runtime.clock()
                )
        doorbell.ring(runtime.redis, shop.id)
        console.print(
            f"Lead time of {sku or domain}: {'not known' if days is None else f'{days} days'}."
        )
