"""The `backline` command, a module for each noun."""

import click

from app.cli.deliveries import deliveries
from app.cli.demo import demo, sandbox
from app.cli.doctor import doctor_command
from app.cli.notices import notices
from app.cli.run import clock, print_secrets, release, up, web, worker
from app.cli.shops import api_token, shops_group
from app.cli.staff import staff_group
from app.cli.supply import supply
from app.cli.supply_feeds import feed_group
from app.cli.supply_files import import_supply
from app.starting import ExplainingGroup


@click.group(
    cls=ExplainingGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="backline", prog_name="backline")
def main() -> None:
    """Backline tags backordered orders, adds the expected date to each, and releases them, oldest
    first, when stock arrives."""


supply.add_command(import_supply)
supply.add_command(feed_group)
for command in (
    *(release, print_secrets, web, worker, clock, up, demo, sandbox, doctor_command),
    *(shops_group, supply, notices, deliveries, staff_group, api_token),
):
    main.add_command(command)
