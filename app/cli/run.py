"""Commands that bring the database up to date, and run everything on one machine."""

import time

import click

from app.cli.common import open_runtime
from app.cli.output import console, fail
from app.db import shops, tokens
from app.db.migrate import upgrade
from app.local import ProcessEndedError, end_like_ctrl_c, local_url, running_processes, running_redis
from app.pipeline.runtime import Runtime
from app.services import open_redis
from app.settings import load_settings
from app.starting import need_port, only_one
from app.tending import Keeper


@click.command()
def release() -> None:
    """Update the database (the Procfile's release process)."""
    with open_runtime() as runtime:
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


@click.command()
def up() -> None:
    """Run web, worker and clock for real shops on this machine, until Ctrl-C."""
    end_like_ctrl_c()
    settings = load_settings()
    with only_one(settings.home):
        need_port("127.0.0.1", settings.port)
        _run_all()


def _run_all() -> None:
    with open_runtime() as runtime, running_redis(runtime.settings) as (redis_url, redis):
        settings = runtime.settings
        try:
            with running_processes(settings, redis_url) as children:
                console.print(f"Backline is up. Open {local_url(settings)}   Logs: {settings.home}")
                keeper = Keeper(children, open_redis(redis_url), console.print, own_redis=redis)
                while True:
                    keeper.tend()
                    time.sleep(1)
        except ProcessEndedError as error:
            fail(str(error))
        except KeyboardInterrupt:
            console.print("Stopped.")
