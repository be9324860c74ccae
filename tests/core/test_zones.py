"""Which day it is: by the pinned data, not by those of the machine."""

import itertools
import subprocess
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from zoneinfo import ZoneInfo

import pytest

from app.core.zones import offset_spans, tz_source
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
        ("America/Nuuk", "2026-12-01T01:30", "2026-11-30"),  # two hours behind since 2023
        ("America/Scoresbysund", "2026-12-01T01:30", "2026-11-30"),  # and so since 2024
        ("Asia/Almaty", "2026-11-30T18:30", "2026-11-30"),  # all of Kazakhstan has five hours
        ("Asia/Qostanay", "2026-11-30T18:30", "2026-11-30"),
        ("America/Asuncion", "2026-07-01T03:30", "2026-07-01"),  # Paraguay keeps its summer time
        ("America/Mexico_City", "2026-07-01T05:30", "2026-06-30"),  # Mexico has none any more
        ("America/Ciudad_Juarez", "2026-07-01T05:30", "2026-06-30"),  # but where it follows Texas
        ("Africa/Cairo", "2026-07-01T21:30", "2026-07-02"),  # Egypt has one again
        ("Asia/Beirut", "2026-07-01T21:30", "2026-07-02"),
        ("Asia/Amman", "2026-11-30T21:30", "2026-12-01"),  # Jordan keeps its summer time
        ("Asia/Tehran", "2026-07-01T20:00", "2026-07-01"),  # Iran has none
        ("Asia/Kathmandu", "2026-11-30T18:20", "2026-12-01"),
        ("Pacific/Apia", "2026-12-01T11:30", "2026-12-02"),
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


@pytest.mark.parametrize(
    ("zone", "changes"), [("UTC", 0), ("Asia/Kathmandu", 0), ("America/New_York", 4), ("Asia/Beirut", 4)]
)
def test_in_each_span_of_one_offset_the_day_is_told_without_the_zone(zone: str, changes: int) -> None:
    first, last = datetime(2025, 1, 5, 3, 4, 5, 6, tzinfo=UTC), datetime(2026, 12, 24, 23, tzinfo=UTC)

    spans = offset_spans(ZoneInfo(zone), first, last)

    assert len(spans) == changes + 1
    assert (spans[0].begins, spans[-1].ends) == (first, last + timedelta(microseconds=1))
    assert all(one.ends == next_one.begins for one, next_one in itertools.pairwise(spans))
    for begins, ends, offset_s in spans:
        nearly = ends - timedelta(microseconds=1)
        for moment in (begins, begins + (ends - begins) / 3, nearly):
            assert moment.astimezone(ZoneInfo(zone)).utcoffset() == timedelta(seconds=offset_s)


def test_one_moment_is_one_span() -> None:
    moment = datetime(2026, 11, 1, 6, tzinfo=UTC)

    (span,) = offset_spans(ZoneInfo("America/New_York"), moment, moment)

    assert (span.begins, span.offset_s) == (moment, -5 * 3600)
