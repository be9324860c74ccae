"""Whose data say what time it is in a time zone: always those of the pinned `tzdata` package.

Python prefers the operating system's, which may be years old: by Debian's 2025b, Vancouver, Edmonton,
Winnipeg and Casablanca are an hour off in 2026, and for an hour a day "today" is another day. What is
installed with the app is the same on every machine and in every process.
https://docs.python.org/3/library/zoneinfo.html#configuring-the-data-sources
"""

import zoneinfo
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files


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
