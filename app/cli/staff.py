"""Commands about people who may look at a shop."""

import click
from rich.table import Table

from app.cli.common import find_shop, open_runtime
from app.cli.output import console, fail
from app.db import staff
from app.db.models import Shop
from app.mail import MailError, send_invitation
from app.settings import Settings


@click.group(name="staff")
def staff_group() -> None:
    """Invite people who don't have an account on the platform."""


@staff_group.command(name="invite")
@click.argument("email")
@click.option("--shop", "domain", required=True, metavar="SHOP", help="The shop they get access to.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in staff.Role]),
    default=staff.Role.LOOK.value,
    show_default=True,
    help="look: view only; manage: make changes too.",
)
def invite_staff(email: str, domain: str, role: str) -> None:
    """Invite someone, or send a new link to someone who forgot their password. The link works once,
    within three days."""
    with open_runtime() as runtime:
        address = _address(email)
        with runtime.sessions.begin() as session:
            shop = find_shop(session, domain)
            now = runtime.clock()
            token = staff.invite(session, shop.id, address, role=staff.Role(role), now=now)
        link = f"{runtime.settings.app_url}/invitations/{token}"
        if not _is_mailed(runtime.settings, address, shop, link):
            # Not through rich, which would break a long line.
            click.echo(
                f"Send this link to {address} only; it works once, until "
                f"{now + staff.LINK_LIFE:%Y-%m-%d %H:%M} UTC:\n{link}"
            )


def _address(email: str) -> str:
    return staff.read_address(email) or fail(f"{email} is not an email address.")


def _is_mailed(settings: Settings, address: str, shop: Shop, link: str) -> bool:
    if not settings.smtp_url:
        return False
    try:
        send_invitation(settings, to=address, shop_name=shop.name or shop.domain, link=link)
    except MailError as error:
        click.echo(str(error), err=True)
        return False
    click.echo(f"The link was emailed to {address}.")
    return True


@staff_group.command(name="list")
@click.argument("domain", metavar="SHOP")
def list_staff(domain: str) -> None:
    """List everyone who was invited to the shop."""
    with open_runtime() as runtime, runtime.sessions.begin() as session:
        table = Table("email", "role", "invited", "password")
        for row in staff.list_staff(session, find_shop(session, domain).id):
            is_set = "set" if row.password_hash else "not set yet"
            table.add_row(row.email, row.role, f"{row.invited_at:%Y-%m-%d %H:%M}", is_set)
        console.print(table)


@staff_group.command(name="revoke")
@click.argument("email")
@click.option("--shop", "domain", required=True, metavar="SHOP")
def revoke_staff(email: str, domain: str) -> None:
    """Revoke someone's access now; their open pages are closed."""
    with open_runtime() as runtime:
        with runtime.sessions.begin() as session:
            if not staff.revoke(session, find_shop(session, domain).id, _address(email)):
                fail(f"{email} was not invited to {domain}. See `backline staff list {domain}`.")
        click.echo(
            f"{email} no longer has access to {domain}. "
            f"To undo: backline staff invite {email} --shop {domain}"
        )
