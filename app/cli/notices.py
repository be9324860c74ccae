"""Commands about what the law asks for late orders."""

from datetime import date

import click
from rich.table import Table

from app.cli.common import BY, console, fail, find_shop, open_runtime
from app.cli.values import DAY
from app.core.regimes import NoticeKind, Regime
from app.db import notices as log
from app.pipeline import doorbell
from app.pipeline.compliance import duties_today, log_notice


@click.group()
def notices() -> None:
    """What the law asks for late orders, and the log of what was told."""


@notices.command(name="due")
@click.argument("domain", metavar="SHOP")
def notices_due(domain: str) -> None:
    """What is to be done about orders that wait, with the words to send. Nothing is sent."""
    with open_runtime() as runtime, runtime.sessions.begin() as session:
        shop = find_shop(session, domain)
        if shop.regime == Regime.NONE:
            fail(f"No law is watched for {domain}: see `backline shops set {domain} --regime`.")
        table = Table("order", "do", "by", "rule", "words to send")
        for due in duties_today(session, shop, now=runtime.clock()):
            duties = due.order.duties
            rule = f"{duties.rule} ({duties.source})"
            table.add_row(due.order.name, due.act, due.by.isoformat(), rule, due.words)
        console.print(table)


@notices.command(name="record")
@click.argument("domain", metavar="SHOP")
@click.argument("order")
@click.argument("kind", type=click.Choice([told.value for told in NoticeKind]))
@click.option("--revised-on", type=DAY, help="The new day a delay notice named.")
@click.option("--by", default=BY, help="Who says so.")
def record_notice(domain: str, order: str, kind: str, revised_on: date | None, by: str) -> None:
    """Note that a buyer was told of a delay, or what they answered. The log is never changed."""
    with open_runtime() as runtime, runtime.sessions.begin() as session:
        found = log.find_order(session, find_shop(session, domain).id, order)
        if found is None:
            fail(f"{domain} has no order {order}.")
        log_notice(session, found, NoticeKind(kind), revised_on=revised_on, by=by, now=runtime.clock())
        doorbell.ring(runtime.redis, found.shop_id)
        console.print(f"{order}: {kind} noted.")
