"""`backline doctor`."""

import sys

import click

from app import doctor
from app.local import find_redis
from app.pipeline.runtime import Runtime
from app.platforms.http import Http
from app.services import open_engine
from app.settings import load_settings

_COLORS = {"well": "green", "look": "yellow", "act": "red"}


@click.command(name="doctor")
def doctor_command() -> None:
    """Look at settings, database, Redis, migrations, worker, clock, APP_URL and each shop, and say what
    to do. It changes nothing. Exit code: 0 if nobody must act, else 1."""
    settings = load_settings()
    engine = open_engine(settings.database_url, connections=settings.database_connections)
    must_act = False
    try:
        for finding in doctor.examine(Runtime(settings, engine, find_redis(settings), Http())):
            must_act |= finding.tone == "act"
            click.echo(f"{click.style(f'{finding.tone:4}', fg=_COLORS[finding.tone])}  {_said(finding)}")
    finally:
        engine.dispose()
    sys.exit(1 if must_act else 0)


def _said(finding: doctor.Finding) -> str:
    advice = f"\n      {finding.advice}" if finding.advice else ""
    return f"{finding.name}: {finding.text}{advice}"
