"""Commands about shops."""

from collections.abc import Mapping

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from app.cli.common import find_shop, open_runtime
from app.cli.output import BY, console, fail
from app.cli.values import ROW
from app.core.bounds import MOST_DAYS
from app.core.closing import ClosingError, read_closing_days, read_hour
from app.core.holds import Policy
from app.core.passing import MOST_DAYS as MOST_SKIP_DAYS
from app.core.passing import MOST_TIMES, Restocks
from app.core.regimes import Regime
from app.core.selling import SellingPolicy, SettingName
from app.core.states import ShopStatus
from app.db import api_tokens, audit, promises, shops
from app.db.models import Shop
from app.db.preferences import change_preferences
from app.errors import NeedsMerchant
from app.pipeline import doorbell, leaving
from app.pipeline.calendars import CountryError, country_code, supplier_countries
from app.pipeline.connecting import Connected, connect_shop, disconnect_shop, import_now
from app.pipeline.runtime import Runtime
from app.pipeline.selling_permission import lacks_permission
from app.platforms.registry import PLATFORMS

PLATFORM = click.Choice(sorted(PLATFORMS))


@click.group(name="shops")
def shops_group() -> None:
    """Connect, list, sync, and disconnect shops."""


@shops_group.command()
@click.argument("platform", type=PLATFORM)
@click.argument("domain", metavar="SHOP")
@click.option(
    "--access-token",
    envvar="BACKLINE_ACCESS_TOKEN",
    help="The token of the shop's own app. Without it SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET must "
    "be those of an app in the shop's own organization.",
)
def connect(platform: str, domain: str, access_token: str | None) -> None:
    """Connect a shop: check token and scopes, register webhooks, import open orders."""
    with open_runtime() as runtime:
        report = _connected(runtime, platform, domain, access_token)
        console.print(f"{report.profile.name} ({report.profile.domain}): token and scopes are OK.")
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
        console.print(_in_words(short))
        if refused:
            fail(
                "Some webhooks could not be registered, so only the hourly check finds those changes. "
                "Set APP_URL to an https address that the platform can reach, and connect again."
            )


def _in_words(short: promises.ShortCount) -> str:
    if not short.orders:
        return "No orders are backordered."
    orders = "1 order" if short.orders == 1 else f"{short.orders:,} orders"
    units = "1 unit" if short.units == 1 else f"{short.units:,} units"
    return f"{orders} backordered ({units})."


def _connected(runtime: Runtime, platform: str, domain: str, access_token: str | None) -> Connected:
    kind = PLATFORMS[platform]
    needed = [getattr(runtime.settings, name) for name in kind.token_settings]
    if access_token is None and not (needed and all(needed)):
        names = " and ".join(name.upper() for name in kind.token_settings)
        fail(
            f"Add --access-token. For a {kind.title} shop in your app's organization you can instead "
            f"set {names}."
            if names
            else f"Add --access-token. Make one in {kind.access_place}."
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
    """List all shops, their state, and what to do."""
    with open_runtime() as runtime, runtime.sessions.begin() as session:
        table = Table("ID", "platform", "shop", "state", "import", "backordered orders", "what to do")
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
    """Read all open orders of a shop again now."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            if shop.status != ShopStatus.ACTIVE:
                fail(f"{domain} is {shop.status}: {shop.problem}")
            shops.ask_to_sync(shop, now=runtime.clock())
        _show_import(runtime, shop.id)
        doorbell.ring(runtime.redis, shop.id)
        console.print(f"Checking {domain} now. See the overview page for progress.")


@shops_group.command()
@click.argument("domain", metavar="SHOP")
@click.argument("number", type=ROW, required=False)
@click.option("--off", is_flag=True, help="Don't change order statuses (the default).")
def status(domain: str, number: int | None, *, off: bool) -> None:
    """Set an order status for backordered orders (BigCommerce). NUMBER is the status ID, such as 12 for
    Manual Verification Required; the earlier status comes back when the order no longer waits. A status
    change may send email to buyers: see your store's settings."""
    if (number is None) is not off:
        fail("Give a status ID, or --off.")
    with open_runtime() as runtime, runtime.sessions.begin() as session:
        shop = find_shop(session, domain)
        kind = PLATFORMS[shop.platform]
        if number is not None and not kind.traits.has_order_status:
            fail(f"{domain} is a {kind.title} shop. Its orders have no status an app can set.")
        shop.waiting_status_id = number
        console.print(
            f"Backordered orders of {domain} keep their status."
            if number is None
            else f"Backordered orders of {domain} get status {number}."
        )


@shops_group.command(name="give-back")
@click.argument("domain", metavar="SHOP")
@click.option("--stop", is_flag=True, help="Go on as before instead: orders are marked again.")
def give_back(domain: str, *, stop: bool) -> None:
    """Take back everything Backline changed in a shop, before you remove the app: tags, notes, and
    statuses of orders, holds, and selling settings. Run it again to see what is left."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            if shop.status != ShopStatus.ACTIVE:
                fail(f"{domain} is {shop.status}, so that nothing can be taken back: {shop.problem}")
            wanted = {"gives_back": not stop}
            change_preferences(session, shop, wanted, by=BY, now=runtime.clock())
            left = leaving.left_at_platform(session, shop.id).in_words
        doorbell.ring(runtime.redis, shop.id)
        if stop:
            console.print(f"Backline works for {domain} as before.")
        elif left:
            console.print(f"Taking back what is left in {domain}: {left}. Run this again to see.")
        else:
            console.print(f"Nothing of Backline is left in {domain}. You can remove the app.")


@shops_group.command()
@click.argument("domain", metavar="SHOP")
@click.option("--leave-holds", is_flag=True, help="Leave orders that are on hold to your staff.")
@click.option(
    "--leave-selling",
    is_flag=True,
    help="Leave the selling settings that Backline has changed as they are.",
)
def disconnect(domain: str, *, leave_holds: bool, leave_selling: bool) -> None:
    """Disconnect a shop and delete its token. Its data is kept, in case you connect it again. Refused
    while Backline holds orders or has stopped the sale of items, which nobody would undo then."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop_id = find_shop(session, domain).id
        try:
            disconnect_shop(runtime, shop_id, leaves_holds=leave_holds, leaves_selling=leave_selling)
        except NeedsMerchant as problem:
            fail(str(problem))
        console.print(f"{domain} is disconnected and its token deleted. To undo: connect it again.")


@shops_group.command(name="set")
@click.argument("domain", metavar="SHOP")
@click.option(
    "--closing-days",
    help='More days closed, or open: "2026-12-24 to 2027-01-02, every Friday, open 2026-12-19".',
)
@click.option(
    "--country",
    help="Business-day calendar: country, with region if needed: US, DE-BY, GB-Scotland.",
)
@click.option(
    "--carrier-country",
    help="On whose working days the carrier takes parcels, where these are not the shop's own.",
)
@click.option(
    "--cut-off",
    help='The hour from which on what comes counts as of the next working day: 14:00 ("": none).',
)
@click.option(
    "--range/--no-range",
    "says_range",
    default=None,
    help="Tell days as a range in notes, from the day by which half of all cases come.",
)
@click.option(
    "--supplier-countries",
    help='Suppliers that deliver on the working days of their own country: "Acme = CN; Beta = DE-BY".',
)
@click.option(
    "--handling-days",
    type=click.IntRange(0, 60),
    help="Handling time: business days from receiving goods to shipping.",
)
@click.option(
    "--holds",
    type=click.Choice([policy.value for policy in Policy]),
    help="What is held back from shipping while an order waits (Shopify): nothing, its short units, or "
    "all of it.",
)
@click.option(
    "--selling",
    type=click.Choice([policy.value for policy in SellingPolicy]),
    help="When selling an item that is out of stock is stopped: never, where no delivery with a date "
    "covers one more buyer, or where one more would wait too long.",
)
@click.option(
    "--longest-wait-days",
    type=click.IntRange(1, MOST_DAYS),
    help="How long a buyer of today may wait at most, with --selling.",
)
@click.option(
    "--keep-restocks/--sell-restocks",
    "keeps_restocks",
    default=None,
    help="With --selling, raise the safety stock by what is on hand for orders that wait (BigCommerce). "
    "BigCommerce refuses relative adjustments that would take stock below it.",
)
@click.option(
    "--promise-quantile",
    type=click.FloatRange(0.5, 0.99),
    help="On-time target: 0.9 means 9 of 10 orders ship by their first date.",
)
@click.option(
    "--regime",
    type=click.Choice([regime.value for regime in Regime]),
    help="Late-order rules to watch.",
)
@click.option(
    "--moves/--no-moves",
    "moves",
    default=None,
    help="Move items that wait at one location to another that has them in stock (Shopify).",
)
@click.option(
    "--restocks",
    type=click.Choice([policy.value for policy in Restocks]),
    help="Who gets stock that comes: strictly the order that waits longest, or, skipping orders that it "
    "can't complete, those that it does.",
)
@click.option(
    "--skip-times",
    type=click.IntRange(1, MOST_TIMES),
    help="How many newer orders may go before one order, with --restocks skip (3).",
)
@click.option(
    "--skip-days",
    type=click.IntRange(1, MOST_SKIP_DAYS),
    help="After how many days of waiting an order lets nobody go first any more (14).",
)
@click.option(
    "--tag-delay-notices/--no-tag-delay-notices",
    "tags_delay_notices",
    default=None,
    help="Tag orders whose buyers are owed a delay notice, so that your email app can act on it.",
)
def set_preferences(domain: str, **wanted: object) -> None:
    """Change the on-time target, business days, and late-order rules."""
    given = {name: value for name, value in wanted.items() if value is not None}
    try:
        read_closing_days(str(given.get("closing_days", "")))
        read_hour(str(given.get("cut_off", "")))
        supplier_countries(str(given.get("supplier_countries", "")))
        for name in {"country", "carrier_country"} & given.keys():
            given[name] = country_code(str(given[name]))
    except (ClosingError, CountryError) as error:
        fail(str(error))
    if not given:
        fail("Nothing to change. See `backline shops set --help` for the options.")
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            if "holds" in given and not PLATFORMS[shop.platform].traits.has_holds:
                fail(f"{PLATFORMS[shop.platform].title} has no holds; see `backline shops status`.")
            if "moves" in given and not PLATFORMS[shop.platform].traits.can_move:
                fail(f"{PLATFORMS[shop.platform].title} orders can't be moved to another location.")
            _check_selling(shop, given)
            changed = change_preferences(session, shop, given, by=BY, now=runtime.clock())
        doorbell.ring(runtime.redis, shop.id)
        console.print(
            f"{domain}: {', '.join(changed)} changed." if changed else f"{domain}: already set so."
        )
        if "selling" in given:
            _say_if_lacking(shop)


def _say_if_lacking(shop: Shop) -> None:
    """As the page does."""
    kind = PLATFORMS[shop.platform]
    if shop.selling != SellingPolicy.OFF and lacks_permission(shop):
        console.print(
            f"Backline lacks the permission to change how items are sold: grant "
            f"{kind.traits.selling_scope} in {kind.access_place}. It takes effect then."
        )


def _check_selling(shop: Shop, given: Mapping[str, object]) -> None:
    """Stopping sales takes a permission, and by the wait a longest one."""
    policy = given.get("selling", SellingPolicy.OFF)
    traits = PLATFORMS[shop.platform].traits
    scope = traits.selling_scope
    if given.get("keeps_restocks") and SettingName.SAFETY_STOCK not in traits.selling_settings:
        fail(f"On {PLATFORMS[shop.platform].title} Backline raises no safety stock.")
    if policy == SellingPolicy.OFF:
        return
    if not scope:
        fail(f"On {PLATFORMS[shop.platform].title} Backline can't change how items are sold.")
    if policy == SellingPolicy.WAIT and not given.get("longest_wait_days", shop.longest_wait_days):
        fail("Add --longest-wait-days: how long a buyer may wait at most.")


@click.command(name="api-token")
@click.argument("domain", metavar="SHOP")
@click.option("--replace", is_flag=True, help="Create a new token; the current one stops working.")
def api_token(domain: str, *, replace: bool) -> None:
    """Create an API token for a shop, for systems that send expected deliveries."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            had_one = shop.api_token_digest is not None
            if had_one and not replace:
                fail(
                    f"{domain} has an API token already, which would stop working. Add --replace to "
                    "create a new one anyway."
                )
            token = api_tokens.renew_token(shop)
            audit.record_event(session, shop.id, "API token renewed", at=runtime.clock(), why=f"by {BY}")
        click.echo(
            "Copy it now; it won't be shown again."
            + (" The previous token no longer works." if had_one else "")
        )
        click.echo(token)
