"""Commands about delay notices for late orders."""

from datetime import date

import click
from rich.table import Table
from sqlalchemy.orm import Session

from app.cli.common import find_shop, open_runtime
from app.cli.output import BY, console, fail
from app.cli.values import DAY
from app.core.regimes import NoticeKind, Regime
from app.db import order_names
from app.db.models import Order, Shop
from app.pipeline import doorbell
from app.pipeline.compliance import log_notice, obligations_today


@click.group()
def notices() -> None:
    """List delay notices that are due, and record those you sent."""


@notices.command(name="due")
@click.argument("domain", metavar="SHOP")
def notices_due(domain: str) -> None:
    """List what is due for late orders, with text to send. Nothing is sent."""
    with open_runtime() as runtime, runtime.sessions.begin() as session:
        shop = find_shop(session, domain)
        if shop.regime == Regime.NONE:
            fail(f"Late-order rules are off for {domain}. See `backline shops set {domain} --regime`.")
        table = Table("order", "action", "due by", "rule", "text to send")
        for due in obligations_today(session, shop, now=runtime.clock()):
            obligations = due.order.obligations
            rule = f"{obligations.rule} ({obligations.source})"
            table.add_row(due.order.name, due.act, due.by.isoformat(), rule, due.words)
        console.print(table)


@notices.command(name="record")
@click.argument("domain", metavar="SHOP")
@click.argument("order")
@click.argument("kind", type=click.Choice([told.value for told in NoticeKind]))
@click.option("--revised-on", type=DAY, help="The new date named in a delay notice.")
@click.option("--by", default=BY, help="Who sent it or got the answer.")
def record_notice(domain: str, order: str, kind: str, revised_on: date | None, by: str) -> None:
    """Record that a delay notice was sent, or what the buyer answered. ORDER is the order's number, or
    its ID in the address of its page in the admin. Entries can't be changed later."""
    with open_runtime() as runtime, runtime.sessions.begin() as session:
        found = _order(session, find_shop(session, domain), order)
        log_notice(session, found, NoticeKind(kind), revised_on=revised_on, by=by, now=runtime.clock())
        doorbell.ring(runtime.redis, found.shop_id)
        console.print(f"{found.name}: {kind} recorded.")


def _order(session: Session, shop: Shop, named: str) -> Order:
    """The order that is meant; of several the command must name one by its id."""
    found = order_names.find_orders(session, shop.id, named)
    if not found:
        fail(f"{shop.domain} has no order {named}.")
    if len(found) > 1:
        which = "\n".join(
            f"  {one.order_id}  placed {one.placed_at:%Y-%m-%d %H:%M} UTC" for one in found
        )
        fail(f"{len(found)} orders are named {named}. Repeat the command with the ID of one:\n{which}")
    return found[0]
