"""Feeds of purchase orders: all that their pages do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table
from sqlalchemy.orm import Session

from app.cli.common import find_shop, open_runtime
from app.cli.output import console, fail
from app.core.states import FeedState
from app.db import feeds
from app.db.models import FeedRow, Shop
from app.pipeline import doorbell
from app.pipeline.feeds.sftp import fingerprint
from app.pipeline.feeds.source import AddressRefused, Login, open_login, read_address, seal_login
from app.pipeline.feeds.words import EVERY_HOURS, OUTCOMES, STATES
from app.pipeline.files.options import Options
from app.pipeline.runtime import Runtime

_COUNTS = {
    "new": "new",
    "changed": "changed",
    "unchanged": "unchanged",
    "not_coming": "not incoming",
    "cancelled": "no longer in the file",
    "received": "no longer in the file and received",
    "waiting": "for SKUs that have not been ordered yet",
    "undated": "without a date",
    "bad": "invalid",
}


@click.group(name="feed")
def feed_group() -> None:
    """Purchase orders that are read from an https:// address or an SFTP folder on a schedule."""


_SHOP = click.argument("domain", metavar="SHOP")
_FEED = click.argument("wanted", metavar="FEED")
_EVERY = click.option(
    "--every", type=click.Choice(list(EVERY_HOURS)), help="Read it every so many hours."
)
_MAIL = click.option("--mail-to", help="Who is told when a file can't be imported.")
_COMPLETE = click.option(
    "--complete/--not-complete",
    "is_complete",
    default=None,
    help="Each file holds every open purchase order: those no longer in it are closed.",
)
_VALID = click.option(
    "--valid-lines/--all-lines",
    "takes_good_lines",
    default=None,
    help="Import the valid lines of a file that has others.",
)
_DATES = click.option(
    "--date-format",
    "date_order",
    type=click.Choice(["dmy", "mdy", "file"]),
    help="Which number of 3/4/2026 is the day; file: as the file tells.",
)
_USER = click.option("--user", default="", help="Whom to sign in as.")
_PASSWORD = click.option(
    "--password", is_flag=True, help="Ask for a password (or the private key's passphrase)."
)
_KEY = click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The private key to sign in with, in OpenSSH or PEM form.",
)


@feed_group.command()
@_SHOP
@click.argument("name")
@click.argument("address")
@_EVERY
@_MAIL
@_COMPLETE
@_VALID
@_DATES
@_USER
@_PASSWORD
@_KEY
def add(  # noqa: PLR0917 -- click passes them by name
    domain: str,
    name: str,
    address: str,
    user: str,
    password: bool,
    key_file: Path | None,
    **said: Any,
) -> None:
    """Add a feed on trial: its first file is checked, and nothing is imported before you start it."""
    try:
        place = read_address(address)
    except AddressRefused as refused:
        fail(str(refused))
    login = Login(address.strip(), *_credentials(user, key_file, asks_password=password))
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            if len(feeds.list_feeds(session, shop.id)) >= feeds.MOST_FEEDS:
                fail(f"{shop.domain} has {feeds.MOST_FEEDS} feeds, the most there may be: remove one.")
            feed = feeds.add_feed(
                session,
                shop.id,
                now=runtime.clock(),
                kind=place.kind,
                address=place.shown,
                sealed=seal_login(login, runtime.settings.encryption_keys),
                **_changes({"name": name, **said}, {}),
            )
        doorbell.ring(runtime.redis, shop.id)
        console.print(
            f"Feed {feed.feed_id} was added on trial. See what its first file would change with "
            f"`backline supply feed show {shop.domain} {feed.feed_id}`."
        )


@feed_group.command(name="list")
@_SHOP
def list_feeds(domain: str) -> None:
    """Every feed of a shop, and what came of its last run."""
    with open_runtime() as runtime, runtime.sessions.begin() as session:
        shop = find_shop(session, domain)
        table = Table("feed", "name", "address", "state", "every", "last run", "outcome", "problem")
        for feed in feeds.list_feeds(session, shop.id):
            table.add_row(
                feed.feed_id,
                feed.name,
                feed.address,
                feed.state,
                EVERY_HOURS[str(feed.every_hours)],
                f"{feed.ran_at:%Y-%m-%d %H:%M} UTC" if feed.ran_at else "not yet",
                OUTCOMES.get(feed.outcome, ""),
                feed.problem,
            )
        console.print(table)


@feed_group.command()
@_SHOP
@_FEED
def show(domain: str, wanted: str) -> None:
    """A feed's last run: what its file changed or would change, each line that can't be used, and the
    host key that waits to be confirmed."""
    with _feed(domain, wanted) as (_, _session, shop, feed):
        click.echo(f"{feed.name} ({feed.feed_id}), {feed.address}")
        click.echo(f"{STATES[feed.state]}. Read {EVERY_HOURS[str(feed.every_hours)]}.")
        click.echo(f"Last run: {OUTCOMES.get(feed.outcome, 'none yet')}.")
        if feed.problem:
            click.echo(feed.problem)
        if feed.offered_host_key:
            click.echo(
                f"The server shows the host key {fingerprint(feed.offered_host_key)}. If it is right: "
                f'backline supply feed confirm {shop.domain} {feed.feed_id} "{feed.offered_host_key}"'
            )
        _show_report(feed.report)


def _show_report(report: dict[str, Any]) -> None:
    if "new" not in report:
        return
    click.echo(f"File {report['file']}:")
    for note in report["notes"]:
        click.echo(f"  {note}")
    click.echo("  " + ", ".join(f"{report[name]:,} {words}" for name, words in _COUNTS.items()))
    for line, reason in report["bad_lines"]:
        click.echo(f"  line {line}: {reason}")


@feed_group.command()
@_SHOP
@_FEED
@click.option("--name", help="What it is called, such as the supplier's name.")
@_EVERY
@_MAIL
@_COMPLETE
@_VALID
@_DATES
@_USER
@_PASSWORD
@_KEY
def edit(
    domain: str,
    wanted: str,
    user: str,
    password: bool,
    key_file: Path | None,
    **said: Any,
) -> None:
    """Change a feed: what is left out stays as it is."""
    with _feed(domain, wanted) as (runtime, _, _, feed):
        for name, value in _changes(said, feed.options).items():
            setattr(feed, name, value)
        credentials = _credentials(user, key_file, asks_password=password)
        if any(credentials):
            keys = runtime.settings.encryption_keys
            feed.sealed = seal_login(Login(open_login(feed, keys).url, *credentials), keys)
    click.echo("Saved.")


@feed_group.command()
@_SHOP
@_FEED
def run(domain: str, wanted: str) -> None:
    """Have a worker read it now, files that were refused included."""
    with _feed(domain, wanted) as (runtime, _, shop, feed):
        feeds.ask_to_read(feed, now=runtime.clock())
    click.echo(f"A worker reads it now. See `backline supply feed show {shop.domain} {feed.feed_id}`.")


def _switch(name: str, state: FeedState, help_text: str) -> None:
    @feed_group.command(name=name, help=help_text)
    @_SHOP
    @_FEED
    def switch(domain: str, wanted: str) -> None:
        with _feed(domain, wanted) as (runtime, _, _, feed):
            feeds.switch(feed, state, now=runtime.clock())
        click.echo(f"{feed.name}: {STATES[state]}.")


_switch("start", FeedState.ON, "Import its files from now on.")
_switch("pause", FeedState.OFF, "Read it no more until it is started again.")
_switch("trial", FeedState.TRIAL, "Check its files, and import nothing.")


@feed_group.command()
@_SHOP
@_FEED
@click.argument("host_key")
def confirm(domain: str, wanted: str, host_key: str) -> None:
    """Confirm an SFTP server's host key, as `show` names it."""
    with _feed(domain, wanted) as (runtime, _, _, feed):
        if not feeds.confirm_host_key(feed, host_key.strip(), now=runtime.clock()):
            fail("This is not the key that the server showed last: see `backline supply feed show`.")
    click.echo("The host key was confirmed. A worker reads the feed now.")


@feed_group.command()
@_SHOP
@_FEED
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
def save(domain: str, wanted: str, path: Path) -> None:
    """Write the file that was refused last to FILE, to look at it and import it by hand."""
    with _feed(domain, wanted) as (_, session, shop, feed):
        held = feeds.held_file(session, shop.id, feed.feed_id)
    if held is None:
        fail("No file of this feed was refused.")
    path.write_bytes(held[1])
    click.echo(f"{held[0]} is in {path}. Try `backline supply import {path} --dry-run`.")


@feed_group.command()
@_SHOP
@_FEED
def remove(domain: str, wanted: str) -> None:
    """Read it no more, and forget its address and credentials. What it imported stays."""
    with _feed(domain, wanted) as (_, session, shop, feed):
        feeds.remove_feed(session, shop.id, feed.feed_id)
    click.echo(f"{feed.name} was removed. What it imported stays.")


@contextmanager
def _feed(domain: str, wanted: str) -> Iterator[tuple[Runtime, Session, Shop, FeedRow]]:
    """The feed with that id or name, to be changed; a worker looks at its shop afterwards."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            listed = feeds.list_feeds(session, shop.id)
            found = [one for one in listed if wanted == one.feed_id]
            found = found or [one for one in listed if wanted.casefold() == one.name.casefold()]
            if len(found) != 1:
                names = ", ".join(f"{one.name} ({one.feed_id})" for one in listed) or "none yet"
                count = "several feeds" if found else "no feed"
                fail(f"{shop.domain} has {count} called {wanted}. Its feeds: {names}.")
            yield runtime, session, shop, found[0]
        doorbell.ring(runtime.redis, shop.id)


def _credentials(user: str, key_file: Path | None, *, asks_password: bool) -> tuple[str, str, str]:
    """A password is asked for: in the command it would stay in the shell's history."""
    password = click.prompt("Password", hide_input=True) if asks_password else ""
    key = key_file.read_text("utf-8").strip() + "\n" if key_file else ""
    return user.strip(), password, key


def _changes(said: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """The columns that change, by what was said; `options` are those of before."""
    mail_to, name, every = said["mail_to"], said["name"], said["every"]
    if mail_to and ("@" not in mail_to or " " in mail_to):
        fail("--mail-to is not an email address.")
    if name is not None and not name.strip():
        fail("Type a name, such as the supplier's.")
    kept = msgspec.convert(options, Options)
    if said["is_complete"] is not None:
        kept = msgspec.structs.replace(kept, is_complete=said["is_complete"])
    if said["date_order"] is not None:
        order = None if said["date_order"] == "file" else said["date_order"]
        kept = msgspec.structs.replace(kept, date_order=order)
    changes = {
        "name": name and name.strip()[:80],
        "mail_to": mail_to,
        "every_hours": every and int(every),
        "takes_good_lines": said["takes_good_lines"],
    }
    return {key: value for key, value in changes.items() if value is not None} | {
        "options": msgspec.to_builtins(kept)
    }
