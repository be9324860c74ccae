"""Whose data say what time it is in a time zone: always those of the pinned `tzdata` package.

Python prefers the operating system's, which may be years old: by Debian's 2025b, Vancouver, Edmonton,
Winnipeg and Casablanca are an hour off in 2026, and for an hour a day "today" is another day. What is
installed with the app is the same on every machine and in every process.
https://docs.python.org/3/library/zoneinfo.html#configuring-the-data-sources
"""

import zoneinfo
from datetime import UTC, datetime, timedelta, tzinfo
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import NamedTuple


def use_pinned_zones() -> None:
    """Let this process ask the package alone. Zones that were asked for before are forgotten."""
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()


def tz_source() -> str:
    """Which data this process uses, in words."""
    if zoneinfo.TZPATH:
        return f"the operating system's, from {', '.join(zoneinfo.TZPATH)}, which may be out of date"
    try:
        package, data = version("tzdata"), files("tzdata").joinpath("zoneinfo", "tzdata.zi")
    except (PackageNotFoundError, ModuleNotFoundError):
        return "none: install the tzdata package"
    first_line = data.read_text("utf-8").partition("\n")[0]
    return f"tzdata {package} (IANA {first_line.removeprefix('# version ')})"


class OffsetSpan(NamedTuple):
    """A time in which the clocks of a zone are so many seconds ahead of UTC; `ends` is out of it."""

    begins: datetime
    ends: datetime
    offset_s: int


def offset_spans(zone: tzinfo, first: datetime, last: datetime) -> list[OffsetSpan]:
    """The spans that two moments, and all between them, lie in. In each of them a database can tell the
    day of a moment without knowing the zone: its own data may be older than ours."""
    spans, begins, end = [], first.astimezone(UTC), last.astimezone(UTC) + timedelta(microseconds=1)
    moment = begins
    while moment < end:
        following = min(moment + timedelta(days=1), end)
        if _offset_s(zone, following) != _offset_s(zone, begins):
            change = _first_after(zone, moment, following)
            spans.append(OffsetSpan(begins, change, _offset_s(zone, begins)))
            begins = following = change
        moment = following
    if begins < end:
        spans.append(OffsetSpan(begins, end, _offset_s(zone, begins)))
    return spans


def _first_after(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """The second from which on the offset is another than before; clocks change at whole seconds."""
    begin, offset_s = before.replace(microsecond=0), _offset_s(zone, before)
    same, other = 0, int((after - begin).total_seconds()) + 1
    while other - same > 1:
        middle = (same + other) // 2
        is_same = _offset_s(zone, begin + timedelta(seconds=middle)) == offset_s
        same, other = (middle, other) if is_same else (same, middle)
    return begin + timedelta(seconds=other)


def _offset_s(zone: tzinfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0
