"""Commands about webhooks that could not be used."""

import click
from rich.table import Table

from app.cli.common import find_shop, open_runtime
from app.cli.output import console, fail
from app.cli.values import ROW
from app.db import inbox, shops
from app.pipeline import doorbell


@click.group()
def deliveries() -> None:
    """List and retry failed webhooks."""


@deliveries.command(name="list")
@click.argument("domain", metavar="SHOP")
def list_deliveries(domain: str) -> None:
    """List a shop's failed webhooks and the reasons."""
    with open_runtime() as runtime, runtime.sessions.begin() as session:
        table = Table("ID", "topic", "received", "reason")
        for row in inbox.failed_deliveries(session, find_shop(session, domain).id):
            table.add_row(str(row.id), row.topic, f"{row.received_at:%Y-%m-%d %H:%M}", row.problem or "")
        console.print(table)


@deliveries.command()
@click.argument("delivery_id", type=ROW)
def replay(delivery_id: int) -> None:
    """Try a failed webhook again. If it had no readable content, the shop is checked for changes
    instead."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            row = inbox.find_delivery(session, delivery_id)
            if row is None:
                fail(f"There is no webhook {delivery_id}. See `backline deliveries list SHOP`.")
            shop_id, has_facts = row.shop_id, bool(row.facts)
            inbox.replay(row)
            if not has_facts:
                shops.get_shop(session, shop_id).hourly_check_at = runtime.clock()
        doorbell.ring(runtime.redis, shop_id)
        console.print(
            "Trying the webhook again."
            if has_facts
            else "The webhook had no readable content, so the shop is being checked for changes now."
        )
