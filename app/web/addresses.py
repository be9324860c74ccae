"""What may stand in the variable parts of addresses."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map, UnicodeConverter, ValidationError

from app.core.bounds import LARGEST_ID
from app.platforms.text import printable


class RowNumber(IntegerConverter):
    """A number that a row may have: any other leads nowhere, before the database is asked."""

    regex = rf"[0-9]{{1,{len(str(LARGEST_ID))}}}"

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST_ID)


class Word(UnicodeConverter):
    """A word that a row may hold."""

    def to_python(self, value: str) -> str:
        """Nothing is there where it can't be stored."""
        if value != printable(value):
            raise ValidationError
        return value


def bound_parts(app: Flask) -> None:
    """From here on the variable parts of rules are of these kinds."""
    kinds = {"int": RowNumber, "default": Word, "string": Word}
    app.url_map.converters.update(kinds)
