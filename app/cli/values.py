"""What may be typed on the command line (see `app.core.bounds`)."""

from datetime import UTC, date, datetime
from typing import Any

import click

from app.core import bounds

UNITS = click.IntRange(1, bounds.MOST_UNITS)
ROW = click.IntRange(1, bounds.LARGEST_ID)


class _Day(click.ParamType[date]):
    """YYYY-MM-DD, not more than ten years ahead."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            day = bounds.read_day(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if day is None:
            self.fail(f"{value} is what systems write for no date: give a day.", param, ctx)
        if problem := bounds.too_far(day, today=datetime.now(UTC).date()):
            self.fail(f"{problem}: give a sooner day.", param, ctx)
        return day


DAY = _Day()
