"""Commands about shops."""

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from app.cli.common import BY, console, fail, find_shop, open_runtime
from app.cli.values import ROW
from app.core.closing import ClosingError, read_closing_days
from app.core.regimes import Regime
from app.db import api_tokens, audit, promises, shops
from app.db.preferences import change_preferences
from app.pipeline import doorbell
from app.pipeline.calendars import CountryError, country_code
from app.pipeline.connecting import Connected, connect_shop, disconnect_shop, import_now
from app.pipeline.runtime import Runtime
from app.platforms.registry import PLATFORMS

PLATFORM = click.Choice(sorted(PLATFORMS))


@click.group(name="shops")
def shops_group() -> None:
    """Connect shops, look at them, sync and disconnect them."""


@shops_group.command()
@click.argument("platform", type=PLATFORM)
@click.argument("domain", metavar="SHOP")
@click.option(
    "--access-token",
    envvar="BACKLINE_ACCESS_TOKEN",
    help="The token of the shop's own app. Without it SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET must "
    "be those of an app of the shop's own organisation.",
)
def connect(platform: str, domain: str, access_token: str | None) -> None:
    """Connect a shop: check token and scopes, register webhooks, import open orders."""
    with open_runtime() as runtime:
        report = _connected(runtime, platform, domain, access_token)
        console.print(f"{report.profile.name} ({report.profile.domain}): token and scopes are good.")
        refused = [subscription for subscription in report.subscriptions if not subscription.is_right]
        console.print(
            f"Webhooks: {len(report.subscriptions) - len(refused)} registered at "
            f"{runtime.settings.app_url}."
        )
        for subscription in refused:
            console.print(f"  [red]{subscription.topic}: {subscription.outcome}[/red]")
        for limit in report.profile.limits:
            console.print(f"[yellow]Note:[/yellow] {limit}")
        _show_import(runtime, report.shop_id)
        with runtime.sessions.begin() as session:
            short = promises.count_short(session, report.shop_id)
        console.print(f"Short now: {short.orders} orders, {short.units} units in all.")
        if refused:
            fail(
                "Some webhooks could not be registered: only the hourly check sees what they tell. "
                "Set APP_URL to an https address that the platform can reach, and connect again."
            )


def _connected(runtime: Runtime, platform: str, domain: str, access_token: str | None) -> Connected:
    settings = runtime.settings
    has_own_app = bool(settings.shopify_client_id and settings.shopify_client_secret)
    if access_token is None and not (platform == "shopify" and has_own_app):
        fail(
            "Give --access-token; or, for a Shopify shop of your app's organisation, set "
            "SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET."
        )
    return connect_shop(runtime, platform, domain, access_token)


def _show_import(runtime: Runtime, shop_id: int) -> None:
    columns = (TextColumn("Open orders"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("import", total=None)
        for shop in import_now(runtime, shop_id):
            progress.update(task, completed=shop.import_done, total=shop.import_total or None)


@shops_group.command(name="list")
def list_shops() -> None:
    """Every shop, its state, and what to do about it."""
    with open_runtime() as runtime, runtime.sessions.begin() as session:
        table = Table("id", "platform", "shop", "state", "import", "orders short", "what to do")
        for shop in shops.list_shops(session):
            count = promises.count_short(session, shop.id)
            table.add_row(
                str(shop.id),
                shop.platform,
                shop.domain,
                shop.status.replace("_", " "),
                f"{shop.import_done} of {shop.import_total}",
                str(count.orders),
                shop.problem or "",
            )
        console.print(table)


@shops_group.command()
@click.argument("domain", metavar="SHOP")
def sync(domain: str) -> None:
    """Read everything of a shop again, now."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            if shop.status != "active":
                fail(f"{domain} is {shop.status}: {shop.problem}")
            shops.ask_to_sync(shop, now=runtime.clock())
        _show_import(runtime, shop.id)
        doorbell.ring(runtime.redis, shop.id)
        console.print(f"{domain} is being checked; see the status page.")


@shops_group.command()
@click.argument("domain", metavar="SHOP")
@click.argument("number", type=ROW, required=False)
@click.option("--off", is_flag=True, help="Leave order statuses alone (the default).")
def status(domain: str, number: int | None, *, off: bool) -> None:
    """Give orders a status of your own while they wait (BigCommerce). NUMBER is the status's id, e.g.
    12 for Manual Verification Required; the one before comes back when they wait no more. A change of
    status may send e-mails to buyers: see your store's settings."""
    if (number is None) is not off:
        fail("Give the number of a status, or --off.")
    with open_runtime() as runtime, runtime.sessions.begin() as session:
        shop = find_shop(session, domain)
        if number is not None and shop.platform != "bigcommerce":
            fail(
                f"{domain} is no BigCommerce store: Shopify's orders have no status that an app may set."
            )
        shop.waiting_status_id = number
        console.print(
            f"Orders of {domain} keep their status while they wait."
            if number is None
            else f"Orders of {domain} that begin to wait get status {number}."
        )


@shops_group.command()
@click.argument("domain", metavar="SHOP")
def disconnect(domain: str) -> None:
    """Stop work for a shop and forget its token. What it was told stays, for a reconnect."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop_id = find_shop(session, domain).id
        disconnect_shop(runtime, shop_id)
        console.print(f"{domain} is disconnected: no more work, no token.")


@shops_group.command(name="set")
@click.argument("domain", metavar="SHOP")
@click.option(
    "--closing-days",
    help='Days closed beside those of the calendar: "2026-12-24, 2026-12-27 to 2027-01-02".',
)
@click.option(
    "--country",
    help="Whose working days count, with the part where it matters: US, DE-BY, GB-Scotland.",
)
@click.option(
    "--handling-days",
    type=click.IntRange(0, 60),
    help="Working days between the arrival of goods and their dispatch.",
)
@click.option(
    "--promise-quantile",
    type=click.FloatRange(0.5, 0.99),
    help="The share of promised dates to be kept: 0.9 is nine of ten.",
)
@click.option(
    "--regime",
    type=click.Choice([regime.value for regime in Regime]),
    help="The law of late deliveries whose dates are watched.",
)
@click.option(
    "--tag-delay-notices/--no-tag-delay-notices",
    "tags_delay_notices",
    default=None,
    help="Tag the orders whose buyers that law wants told of the delay, for a mail tool to act on.",
)
def set_preferences(domain: str, **wanted: object) -> None:
    """Say how cautious dates are, when the shop works, and which law it sells under."""
    given = {name: value for name, value in wanted.items() if value is not None}
    try:
        read_closing_days(str(given.get("closing_days", "")))
        if "country" in given:
            given["country"] = country_code(str(given["country"]))
    except (ClosingError, CountryError) as error:
        fail(str(error))
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            changed = change_preferences(session, shop, given, by=BY, now=runtime.clock())
        doorbell.ring(runtime.redis, shop.id)
        console.print(f"{domain}: {', '.join(changed) or 'nothing'} changed.")


@click.command(name="api-token")
@click.argument("domain", metavar="SHOP")
def api_token(domain: str) -> None:
    """Make the token with which another system may tell a shop's arrivals. The one before is void."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            token = api_tokens.renew_token(shop)
            audit.record_event(session, shop.id, "API token renewed", at=runtime.clock(), why=f"by {BY}")
        console.print("It is shown this once; only its digest is kept.")
        click.echo(token)
