"""`backline doctor`."""

import sys

import click

from app import doctor
from app.local import find_redis
from app.pipeline.checks import Check, Tone
from app.pipeline.runtime import open_with
from app.settings import load_settings

_COLORS = {Tone.FINE: "green", Tone.NOTE: "blue", Tone.CHECK: "yellow", Tone.FIX: "red"}


@click.command(name="doctor")
def doctor_command() -> None:
    """Look at settings, database, Redis, migrations, worker, clock, APP_URL and each shop, and say what
    to do. It changes nothing. Exit code: 0 if nobody must act, else 1."""
    settings = load_settings()
    runtime = open_with(settings, find_redis(settings))
    must_act = False
    try:
        for check in doctor.examine(runtime):
            must_act |= check.tone is Tone.FIX
            click.echo(f"{click.style(f'{check.tone:5}', fg=_COLORS[check.tone])}  {_said(check)}")
    finally:
        runtime.engine.dispose()
    sys.exit(1 if must_act else 0)


def _said(check: Check) -> str:
    advice = f"\n       {check.advice}" if check.advice else ""
    return f"{check.name}: {check.text}{advice}"
