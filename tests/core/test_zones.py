"""Which day it is: by the pinned data, not by those of the machine."""

import subprocess
import sys
import zoneinfo
from datetime import UTC, datetime
from importlib.metadata import version

import pytest

from app.core.zones import tz_source
from app.pipeline.context import local_day


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        # British Columbia stopped changing its clocks: an hour later in winter than it was.
        ("America/Vancouver", "2026-12-01T07:30", "2026-12-01"),
        ("America/Edmonton", "2026-12-01T06:30", "2026-12-01"),
        ("America/Winnipeg", "2026-12-01T05:30", "2026-12-01"),
        # Morocco went back to the time of Greenwich.
        ("Africa/Casablanca", "2026-11-30T23:30", "2026-11-30"),
        ("Europe/Berlin", "2026-11-30T23:30", "2026-12-01"),
    ],
)
def test_the_day_is_that_of_the_pinned_data_within_an_hour_of_midnight_too(
    zone: str, moment: str, day: str
) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)

    assert local_day(at, zone).isoformat() == day


def test_the_machine_is_never_asked_whatever_it_offers() -> None:
    assert zoneinfo.TZPATH == ()
    assert tz_source().startswith(f"tzdata {version('tzdata')} (IANA 20")


@pytest.mark.parametrize("first", ["app.core.model", "app.settings", "workers.jobs", "app.sandbox"])
def test_every_process_knows_the_same_zones_whatever_it_imports_first(first: str) -> None:
    program = f"import {first}, zoneinfo; print(zoneinfo.TZPATH)"

    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "()"
