"""Numbers in addresses."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from app.core.bounds import LARGEST_ID


class RowNumber(IntegerConverter):
    """A number that a row may have: any other leads nowhere, before the database is asked."""

    regex = rf"[0-9]{{1,{len(str(LARGEST_ID))}}}"

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST_ID)


def bound_numbers(app: Flask) -> None:
    """From here on `<int:…>` in a rule is a `RowNumber`."""
    app.url_map.converters["int"] = RowNumber
