"""The `backline` command, a module for each noun."""

import click

from app.cli.group import Elsewhere, ExplainingGroup

_COMMANDS = {
    "release": Elsewhere("app.cli.run:release", "Update the database (the Procfile's release process)."),
    "secrets": Elsewhere(
        "app.cli.processes:print_secrets", "Print new values for SECRET_KEY and ENCRYPTION_KEYS."
    ),
    "web": Elsewhere("app.cli.processes:web", "Serve webhooks and pages."),
    "worker": Elsewhere("app.cli.processes:worker", "Run background jobs."),
    "clock": Elsewhere("app.cli.processes:clock", "Start work that is due, every few seconds."),
    "up": Elsewhere(
        "app.cli.run:up", "Run web, worker and clock for real shops on this machine, until Ctrl-C."
    ),
    "demo": Elsewhere("app.cli.demo:demo", "Play a demo on two sandbox shops."),
    "sandbox": Elsewhere(
        "app.cli.demo:sandbox",
        "Run sandbox versions of Shopify and BigCommerce, for trying things out.",
    ),
    "doctor": Elsewhere(
        "app.cli.doctor:doctor_command",
        "Look at settings, database, Redis, migrations, worker, clock, APP_URL and each shop, and say "
        "what to do.",
    ),
    "shops": Elsewhere("app.cli.shops:shops_group", "Connect, list, sync, and disconnect shops."),
    "supply": Elsewhere("app.cli.supply:supply", "Manage expected deliveries and lead times."),
    "notices": Elsewhere(
        "app.cli.notices:notices", "List delay notices that are due, and record those you sent."
    ),
    "deliveries": Elsewhere("app.cli.deliveries:deliveries", "List and retry failed webhooks."),
    "staff": Elsewhere(
        "app.cli.staff:staff_group", "Invite people who don't have an account on the platform."
    ),
    "api-token": Elsewhere(
        "app.cli.shops:api_token",
        "Create an API token for a shop, for systems that send expected deliveries.",
    ),
}


@click.group(
    cls=ExplainingGroup,
    elsewhere=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="backline", prog_name="backline")
def main() -> None:
    """Backline tags backordered orders, adds the expected date to each, and releases them, oldest
    first, when stock arrives."""
