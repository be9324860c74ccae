"""The `backline` command."""

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from sqlalchemy.orm import Session

from app.cli_doctor import doctor_command
from app.cli_values import DAY, ROW, UNITS
from app.core.closing import ClosingError, read_closing_days
from app.core.regimes import Regime, Told
from app.db import api_tokens, arrivals, audit, inbox, mirror, promises, shops, staff, tokens
from app.db import notices as log
from app.db.migrate import upgrade
from app.db.models import ArrivalRow, Item, Shop
from app.db.preferences import change_preferences
from app.errors import BacklineError
from app.local import (
    ProcessEndedError,
    end_like_ctrl_c,
    find_redis,
    local_url,
    run_beside,
    running_processes,
    running_redis,
)
from app.logs import configure_logs
from app.mail import MailError, send_invitation
from app.pipeline import doorbell
from app.pipeline.arrivals import Bad, Report, read_catalog
from app.pipeline.calendars import CountryError, country_code
from app.pipeline.connecting import Connected, connect_shop, disconnect_shop, import_now
from app.pipeline.desk import local_day
from app.pipeline.duties import duties_today, record_told
from app.pipeline.files.importing import OrderFile, examine_for_shop, import_file, remember_layout
from app.pipeline.files.options import Options, options_in_words
from app.pipeline.files.text import FileRefused
from app.pipeline.files.vocabulary import IN_WORDS
from app.pipeline.runtime import Runtime, build_runtime
from app.platforms.http import Http
from app.platforms.registry import PLATFORMS
from app.services import collect_garbage_seldom, free_port, open_engine, open_redis
from app.settings import (
    Settings,
    SettingsError,
    load_settings,
    make_encryption_key,
    make_secret_key,
)
from app.starting import ExplainingGroup, demo_folder, need_port, only_one
from app.tending import Keeper
from app.web.serving import environment_of_metrics, host_of, web_command

# A pipe or a file has no width of its own, and columns broken to fit 80 characters can't be searched.
_WIDE = 240

console = Console(width=None if sys.stdout.isatty() else _WIDE)
PLATFORM = click.Choice(sorted(PLATFORMS))
_INTERRUPTED = 130
_BY = "the command line"
_SHOWN_SKUS = 20


@click.group(
    cls=ExplainingGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="backline", prog_name="backline")
def main() -> None:
    """Backline tags orders that exceed the stock, says when the goods are expected, and releases the
    orders, oldest first, when they arrive."""


def _fail(message: str) -> NoReturn:
    raise click.ClickException(message)


def _settings() -> Settings:
    return load_settings()


@contextmanager
def _runtime() -> Iterator[Runtime]:
    """The database, brought up to date, and whatever Redis runs."""
    settings = _settings()
    engine = open_engine(settings.database_url, connections=settings.database_connections)
    upgrade(engine)
    try:
        yield Runtime(settings, engine, find_redis(settings), Http())
    except BacklineError as error:
        _fail(str(error))
    finally:
        engine.dispose()


@main.command()
def release() -> None:
    """Bring the database up to date (the Procfile's release process)."""
    with _runtime() as runtime:
        is_newer = not upgrade(runtime.engine)
        click.echo(
            "A newer Backline has been here: the database is left as it is."
            if is_newer
            else "The database is up to date."
        )
        _reseal_tokens(runtime)


def _reseal_tokens(runtime: Runtime) -> None:
    """With the newest key, so that older ones can be taken out of ENCRYPTION_KEYS."""
    with runtime.sessions.begin() as session:
        shop_ids = [shop.id for shop in shops.list_shops(session)]
    for shop_id in shop_ids:
        with runtime.sessions.begin() as session:
            if not tokens.reseal(session, shop_id, runtime.settings.encryption_keys):
                domain = shops.get_shop(session, shop_id).domain
                click.echo(f"No key in ENCRYPTION_KEYS opens the tokens of {domain}.", err=True)


@main.command(name="secrets")
def print_secrets() -> None:
    """Print fresh secrets for the environment: this machine keeps none of them."""
    click.echo(f"SECRET_KEY={make_secret_key()}")
    click.echo(f"ENCRYPTION_KEYS={make_encryption_key()}")


@main.command()
@click.option(
    "--local",
    is_flag=True,
    help="Listen on this machine only, and show the status pages to whoever asks.",
)
def web(*, local: bool) -> None:
    """Serve webhooks and pages."""
    settings = _settings()
    _need_redis()
    need_port(host_of(local=local), settings.port)
    os.environ |= environment_of_metrics(settings, local=local)
    os.execv(sys.executable, web_command(settings, local=local))  # noqa: S606 -- our own interpreter


@main.command()
def worker() -> None:
    """Run the jobs, several side by side in threads."""
    configure_logs(as_json=False)
    settings = _settings()
    url = _need_redis()
    from workers.pool import Pool  # noqa: PLC0415 -- no other command needs it

    collect_garbage_seldom()
    Pool(build_runtime(settings), url).run()


@main.command()
def clock() -> None:
    """Ring the shops that have something due, every few seconds."""
    configure_logs(as_json=False)
    settings = _settings()
    url = _need_redis()
    from workers.clock import run_clock  # noqa: PLC0415 -- no other command needs it

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run_clock(build_runtime(settings), url, stop)


def _need_redis() -> str:
    url = _settings().redis_url
    if url is None:
        raise SettingsError(
            "REDIS_URL is not set. `backline up` starts a Redis of its own; this process needs one."
        )
    return url


@main.command()
def up() -> None:
    """Run web, worker and clock for real shops on this machine, until Ctrl-C."""
    end_like_ctrl_c()
    settings = _settings()
    with only_one(settings.home):
        need_port("127.0.0.1", settings.port)
        _run_all()


def _run_all() -> None:
    with _runtime() as runtime, running_redis(runtime.settings) as (redis_url, redis):
        settings = runtime.settings
        try:
            with running_processes(settings, redis_url) as children:
                console.print(
                    f"Backline is up. Status page: {local_url(settings)}   Logs: {settings.home}"
                )
                keeper = Keeper(children, open_redis(redis_url), console.print, own_redis=redis)
                while True:
                    keeper.tend()
                    time.sleep(1)
        except ProcessEndedError as error:
            _fail(str(error))
        except KeyboardInterrupt:
            console.print("Stopped.")


@main.command()
@click.option(
    "--once",
    is_flag=True,
    help="Play the story to its end; exit 0 only if every order shows what it should.",
)
def demo(*, once: bool) -> None:
    """Play a story on two sandbox shops: everything runs on this machine, nothing leaves it."""
    end_like_ctrl_c()
    with demo_folder(_settings().home) as home:
        _play_demo(home, once=once)


def _play_demo(home: Path, *, once: bool) -> None:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    os.environ |= _demo_environment(home)
    # A Redis of its own, whatever the environment or a file .env says.
    settings = _settings().model_copy(update={"redis_url": None})
    story = ["-m", "app.sandbox.demo", *(["--once"] if once else [])]
    try:
        with _runtime():
            pass  # the database is there now
        with (
            running_redis(settings) as (redis_url, _),
            running_processes(settings, redis_url) as children,
        ):
            sys.exit(run_beside(settings, redis_url, children, *story))
    except ProcessEndedError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        console.print("Stopped.")
        sys.exit(_INTERRUPTED)


def _demo_environment(home: Path) -> dict[str, str]:
    """Nothing of the real environment reaches the demo, and none of its ports can clash."""
    port, shop_port, store_port = free_port(), free_port(), free_port()
    return {
        "BACKLINE_HOME": str(home),
        "DATABASE_URL": f"sqlite:///{home / 'backline.sqlite3'}",
        "PORT": str(port),
        "APP_URL": f"http://127.0.0.1:{port}",
        "SHOPIFY_CLIENT_ID": "demo",
        "SHOPIFY_CLIENT_SECRET": "the-demo-secret-is-no-secret",
        "SHOPIFY_BASE_URL": f"http://127.0.0.1:{shop_port}/{{shop}}",
        "BIGCOMMERCE_CLIENT_ID": "demo",
        "BIGCOMMERCE_CLIENT_SECRET": "the-demo-secret-is-no-secret",
        "BIGCOMMERCE_API_URL": f"http://127.0.0.1:{store_port}",
        # The stand-in's stock figures lag by a second instead of a minute.
        "BIGCOMMERCE_QUIET_SECONDS": "3",
        "BIGCOMMERCE_NEWS_SECONDS": "1",
    }


@main.command()
@click.option("--port", default=9100, show_default=True, help="The port on this machine.")
def sandbox(port: int) -> None:
    """Run the platform stand-ins alone, for trying things out."""
    os.execv(sys.executable, [sys.executable, "-m", "app.sandbox", "--port", str(port)])  # noqa: S606


@main.group(name="shops")
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
    with _runtime() as runtime:
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
            _fail(
                "Some webhooks could not be registered: only the hourly check sees what they tell. "
                "Set APP_URL to an https address that the platform can reach, and connect again."
            )


def _connected(runtime: Runtime, platform: str, domain: str, access_token: str | None) -> Connected:
    settings = runtime.settings
    has_own_app = bool(settings.shopify_client_id and settings.shopify_client_secret)
    if access_token is None and not (platform == "shopify" and has_own_app):
        _fail(
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
    with _runtime() as runtime, runtime.sessions.begin() as session:
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
    with _runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = _shop(session, domain)
            if shop.status != "active":
                _fail(f"{domain} is {shop.status}: {shop.problem}")
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
        _fail("Give the number of a status, or --off.")
    with _runtime() as runtime, runtime.sessions.begin() as session:
        shop = _shop(session, domain)
        if number is not None and shop.platform != "bigcommerce":
            _fail(
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
    with _runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop_id = _shop(session, domain).id
        disconnect_shop(runtime, shop_id)
        console.print(f"{domain} is disconnected: no more work, no token.")


def _shop(session: Session, domain: str) -> Shop:
    found = [shop for shop in shops.list_shops(session) if shop.domain == domain.lower()]
    if len(found) != 1:
        names = ", ".join(shop.domain for shop in shops.list_shops(session)) or "none yet"
        _fail(f"There is no shop {domain}. Connected: {names}.")
    return found[0]


@main.group()
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
    with _runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = _shop(session, domain)
            item = _item(session, shop, sku)
            arrival = arrivals.add_arrival(
                session,
                item,
                location_id=_location(session, item, location),
                quantity=quantity,
                expected_on=_not_past(expected_on, _today(runtime, shop)),
                reference=reference,
                supplier=supplier,
                by=_BY,
                now=runtime.clock(),
            )
        doorbell.ring(runtime.redis, shop.id)
        console.print(f"Arrival {arrival.id}: {quantity} × {sku} on {expected_on:%Y-%m-%d}.")


def _today(runtime: Runtime, shop: Shop) -> date:
    return local_day(runtime.clock(), shop.time_zone)


def _not_past(day: date, today: date) -> date:
    if day < today:
        _fail(f"{day} has passed: give the day on which the units are expected.")
    return day


def _item(session: Session, shop: Shop, sku: str) -> Item:
    found = mirror.find_items(session, shop.id, sku)
    if not found:
        _fail(
            f"No open order of {shop.domain} names an item with SKU {sku}: check the code, or run "
            f"`backline shops sync {shop.domain}`."
        )
    if len(found) > 1:
        _fail(f"{len(found)} items have the SKU {sku}: give each its own on the platform.")
    return found[0]


def _location(session: Session, item: Item, wanted: str | None) -> int:
    pools = mirror.pools_of(session, item.shop_id, [item.item_id])[item.item_id]
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
    _fail(f"Say with --location where {item.sku} arrives. It lies at: {places}.")


@supply.command(name="list")
@click.argument("domain", metavar="SHOP")
@click.option("--all", "is_all", is_flag=True, help="Also what has landed or was cancelled.")
def list_supply(domain: str, *, is_all: bool) -> None:
    """Every arrival that is still expected, and how many of its units count."""
    with _runtime() as runtime, runtime.sessions.begin() as session:
        shop = _shop(session, domain)
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
    with _runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = _shop(session, domain)
            row = _own_arrival(session, shop, arrival)
            received = row.quantity if quantity is None else min(row.quantity, row.received + quantity)
            if quantity is None and final:
                received = row.received
            arrivals.change_arrival(
                session, row, received=received, is_over=final, by=_BY, now=runtime.clock()
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
    with _runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = _shop(session, domain)
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
                by=_BY,
                now=runtime.clock(),
            )
        doorbell.ring(runtime.redis, shop.id)
        console.print(f"Arrival {arrival}: {arrivals.in_words(row)}.")


@supply.command()
@click.argument("domain", metavar="SHOP")
@click.argument("arrival", type=ROW)
def cancel(domain: str, arrival: int) -> None:
    """An arrival will not come: nobody is promised it any more."""
    with _runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = _shop(session, domain)
            row = _own_arrival(session, shop, arrival)
            arrivals.change_arrival(session, row, is_cancelled=True, by=_BY, now=runtime.clock())
        doorbell.ring(runtime.redis, shop.id)
        console.print(f"Arrival {arrival} is cancelled.")


def _own_arrival(session: Session, shop: Shop, number: int) -> ArrivalRow:
    row = arrivals.find_arrival(session, shop.id, number)
    if row is None:
        _fail(f"{shop.domain} has no arrival {number}: see `backline supply list {shop.domain}`.")
    if row.source == "shopify":
        _fail(f"Arrival {number} is shipment {row.reference} in Shopify: change it there.")
    return row


def _place(session: Session, shop: Shop, wanted: str) -> int:
    catalog = read_catalog(session, shop.id, ())
    found = catalog.place_by_word.get(wanted.casefold())
    if found is None:
        _fail(f"{shop.domain} has no location {wanted}: {', '.join(catalog.places.values())}.")
    return found


@supply.command(name="import")
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
    "--status",
    "states",
    multiple=True,
    metavar="WORD=MEANING",
    help="What a status means: open, draft, cancelled, or closed.",
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
    help="Which number of 3/4/2026 is the day; needed only if the file does not tell.",
)
@click.option(
    "--decimal",
    type=click.Choice(["point", "comma"]),
    help="The decimal sign of numbers such as 1.200; needed only if the file does not tell.",
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
    with _runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = _only_shop(session) if domain is None else _shop(session, domain)
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
                _fail("Nothing imported. Re-run with --yes to import the valid lines.")
            _import(runtime, shop, path, layout, is_rehearsal=False)
            with runtime.sessions.begin() as session:
                remember_layout(session, shop.id, layout, now=runtime.clock())
        except (FileRefused, ValueError) as problem:
            _fail(f"{path.name}: {problem}")
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
        click.echo(f'"{name}" is used as the {IN_WORDS[role]} ({role}).')
    if layout.unused:
        click.echo(f"Not used: {', '.join(layout.unused)}.")
    if layout.unknown_states:
        words = ", ".join(f'--status "{word}=open"' for word in layout.unknown_states)
        click.echo(f"Say what each status means (open, draft, cancelled, or closed): {words}")


def _import(
    runtime: Runtime, shop: Shop, path: Path, layout: OrderFile, *, is_rehearsal: bool
) -> Report:
    return import_file(
        runtime.sessions,
        shop.id,
        layout,
        name=path.name,
        by=_BY,
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
    found = [shop for shop in shops.list_shops(session) if shop.status != "removed"]
    if len(found) != 1:
        names = ", ".join(shop.domain for shop in found) or "none yet"
        _fail(f"Say with --shop which shop the arrivals are for. Connected: {names}.")
    return found[0]


@supply.command(name="lead-time")
@click.argument("domain", metavar="SHOP")
@click.option(
    "--days", type=click.IntRange(min=0, max=730), help="Calendar days; left out: none is known."
)
@click.option("--sku", help="For this item only.")
def lead_time(domain: str, days: int | None, sku: str | None) -> None:
    """How long a restock takes where no arrival says better."""
    with _runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = _shop(session, domain)
            if sku is None:
                promises.set_shop_lead_time(session, shop, days, now=runtime.clock())
            else:
                promises.set_lead_time(session, _item(session, shop, sku), days, now=runtime.clock())
        doorbell.ring(runtime.redis, shop.id)
        console.print(
            f"Lead time of {sku or domain}: {'not known' if days is None else f'{days} days'}."
        )


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
        _fail(str(error))
    with _runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = _shop(session, domain)
            changed = change_preferences(session, shop, given, by=_BY, now=runtime.clock())
        doorbell.ring(runtime.redis, shop.id)
        console.print(f"{domain}: {', '.join(changed) or 'nothing'} changed.")


@main.group()
def notices() -> None:
    """What the law asks for late orders, and the log of what was told."""


@notices.command(name="due")
@click.argument("domain", metavar="SHOP")
def notices_due(domain: str) -> None:
    """What is to be done about orders that wait, with the words to send. Nothing is sent."""
    with _runtime() as runtime, runtime.sessions.begin() as session:
        shop = _shop(session, domain)
        if shop.regime == Regime.NONE:
            _fail(f"No law is watched for {domain}: see `backline shops set {domain} --regime`.")
        table = Table("order", "do", "by", "rule", "words to send")
        for due in duties_today(session, shop, now=runtime.clock()):
            duties = due.order.duties
            rule = f"{duties.rule} ({duties.source})"
            table.add_row(due.order.name, due.act, due.by.isoformat(), rule, due.words)
        console.print(table)


@notices.command(name="record")
@click.argument("domain", metavar="SHOP")
@click.argument("order")
@click.argument("kind", type=click.Choice([told.value for told in Told]))
@click.option("--revised-on", type=DAY, help="The new day a delay notice named.")
@click.option("--by", default=_BY, help="Who says so.")
def record_notice(domain: str, order: str, kind: str, revised_on: date | None, by: str) -> None:
    """Note that a buyer was told of a delay, or what they answered. The log is never changed."""
    with _runtime() as runtime, runtime.sessions.begin() as session:
        found = log.find_order(session, _shop(session, domain).id, order)
        if found is None:
            _fail(f"{domain} has no order {order}.")
        record_told(session, found, Told(kind), revised_on=revised_on, by=by, now=runtime.clock())
        doorbell.ring(runtime.redis, found.shop_id)
        console.print(f"{order}: {kind} noted.")


@main.command(name="api-token")
@click.argument("domain", metavar="SHOP")
def api_token(domain: str) -> None:
    """Make the token with which another system may tell a shop's arrivals. The one before is void."""
    with _runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = _shop(session, domain)
            token = api_tokens.renew_token(shop)
            audit.record_event(
                session, shop.id, "API token renewed", at=runtime.clock(), why=f"by {_BY}"
            )
        console.print("It is shown this once; only its digest is kept.")
        click.echo(token)


@main.group()
def deliveries() -> None:
    """Webhooks that could not be used."""


@deliveries.command(name="list")
@click.argument("domain", metavar="SHOP")
def list_deliveries(domain: str) -> None:
    """The failed webhooks of a shop, and why they failed."""
    with _runtime() as runtime, runtime.sessions.begin() as session:
        table = Table("delivery", "topic", "received", "reason")
        for row in inbox.failed_deliveries(session, _shop(session, domain).id):
            table.add_row(str(row.id), row.topic, f"{row.received_at:%Y-%m-%d %H:%M}", row.problem or "")
        console.print(table)


@deliveries.command()
@click.argument("delivery_id", type=ROW)
def replay(delivery_id: int) -> None:
    """Work on a webhook again. One whose body was unreadable left nothing to replay: the shop's
    changes are read from the platform instead."""
    with _runtime() as runtime:
        with runtime.sessions.begin() as session:
            row = inbox.find_delivery(session, delivery_id)
            if row is None:
                _fail(f"There is no delivery {delivery_id}.")
            shop_id, has_facts = row.shop_id, bool(row.facts)
            inbox.replay(row)
            if not has_facts:
                shops.get_shop(session, shop_id).reconcile_at = runtime.clock()
        doorbell.ring(runtime.redis, shop_id)
        console.print(
            "Due again."
            if has_facts
            else "Nothing of it could be read; the shop's changes are read from the platform now."
        )


@main.group(name="staff")
def staff_group() -> None:
    """People without an account at the platform who may look at a shop, or manage it."""


@staff_group.command(name="invite")
@click.argument("email")
@click.option("--shop", "domain", required=True, metavar="SHOP", help="The shop they may see.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in staff.Role]),
    default=staff.Role.LOOK.value,
    show_default=True,
    help="Look only, or change things too.",
)
def invite_staff(email: str, domain: str, role: str) -> None:
    """Invite somebody, or send a new link to who forgot the password. The link works once, for three
    days."""
    with _runtime() as runtime:
        address = _address(email)
        with runtime.sessions.begin() as session:
            shop = _shop(session, domain)
            now = runtime.clock()
            token = staff.invite(session, shop.id, address, role=staff.Role(role), now=now)
        link = f"{runtime.settings.app_url}/invitations/{token}"
        if not _is_mailed(runtime.settings, address, shop, link):
            # Not through rich, which would break a long line.
            click.echo(
                f"Give this link to {address} alone; it works once, until "
                f"{now + staff.LINK_LIFE:%Y-%m-%d %H:%M} UTC:\n{link}"
            )


def _address(email: str) -> str:
    return staff.read_address(email) or _fail(f"{email} is not an e-mail address.")


def _is_mailed(settings: Settings, address: str, shop: Shop, link: str) -> bool:
    if not settings.smtp_url:
        return False
    try:
        send_invitation(settings, to=address, shop_name=shop.name or shop.domain, link=link)
    except MailError as error:
        click.echo(str(error), err=True)
        return False
    click.echo(f"The link is on its way to {address}.")
    return True


@staff_group.command(name="list")
@click.argument("domain", metavar="SHOP")
def list_staff(domain: str) -> None:
    """Everybody who was invited to the shop."""
    with _runtime() as runtime, runtime.sessions.begin() as session:
        table = Table("address", "may", "invited", "password")
        for row in staff.list_staff(session, _shop(session, domain).id):
            is_set = "set" if row.password_hash else "not set yet"
            table.add_row(row.email, row.role, f"{row.invited_at:%Y-%m-%d %H:%M}", is_set)
        console.print(table)


@staff_group.command(name="revoke")
@click.argument("email")
@click.option("--shop", "domain", required=True, metavar="SHOP")
def revoke_staff(email: str, domain: str) -> None:
    """Take the access back, at once: open pages too."""
    with _runtime() as runtime:
        with runtime.sessions.begin() as session:
            if not staff.revoke(session, _shop(session, domain).id, _address(email)):
                _fail(f"{email} was not invited to {domain}: see `backline staff list {domain}`.")
        click.echo(f"{email} may not look at {domain} any more.")


main.add_command(doctor_command)


if __name__ == "__main__":
    main()
