"""One spelling of what people spell in many ways: accents, case, widths, camel case, signs."""

import re
import unicodedata
from collections.abc import Sequence

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_APART = re.compile(r"[\W_]+")
# Letters that no decomposition takes apart.
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d"})
_NUMBER = frozenset({"no", "nr", "num", "nummer", "numero", "numer", "nbr", "nro"})
# "Varenr." and "Artikelnr." are one word with its "number".
_COMPOUND = re.compile(r"(?<=\w{3})(?:nr|nro)$")
# As Odoo writes a product.
_BEFORE_NAME = re.compile(r"\[([^\[\]]+)\]\s+\S.*")
# "Required by (Items)" beside "Required by" is the line's own.
_OF_LINES = re.compile(
    r"(?:order lines?|purchase order lines?|lines?|items?)\s*/\s*(.+)"
    r"|(.+?)\s*\((?:order lines?|lines?|items?|purchase order items?)\)",
    re.IGNORECASE,
)
# How a database knows a row; people know an order by its number.
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_DASHES = re.compile(r"[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")


def fold(text: str) -> str:
    """Words in lower case without accents and punctuation, single spaces between them."""
    plain = _strip(text).replace(".", "").replace("'", " ").replace("’", " ")
    return " ".join(_APART.sub(" ", plain).split())


def spellings(name: str) -> tuple[str, ...]:
    """A column's name folded, and the same with its camel case taken apart: "OrderNumber" is "order
    number". The ways to write "number" are one word: "N° de commande" is "number de commande"."""
    spelled = re.sub(r"[Nn]°|#|№", " number ", name)
    both = (_numbered(spelled), _numbered(_CAMEL.sub(" ", spelled)))
    return tuple(dict.fromkeys(both))


def name_of_lines(name: str) -> str:
    """What a column of an order's lines is called beside the order's own ("Required by (Items)",
    "Order lines/Quantity"); empty for other names."""
    found = _OF_LINES.fullmatch(name.strip())
    return (found[1] or found[2]) if found else ""


def is_of_a_database(name: str, cells: Sequence[str], *, rows: int) -> bool:
    """Whether a column holds what only a database knows: long hexadecimal codes, or an "ID" that each of
    the `rows` has its own of."""
    if cells and all(map(_UUID.fullmatch, cells)):
        return True
    return fold(name) == "id" and len(cells) == rows and len({*cells}) == rows


def _numbered(name: str) -> str:
    words = [_COMPOUND.sub("nummer", word) for word in fold(name).split()]
    # "N. Ord." is an order's number; "N" alone may be anything.
    numbers = _NUMBER | ({"n"} if len(words) > 1 else frozenset())
    return " ".join("number" if word in numbers else word for word in words)


def _strip(text: str) -> str:
    lower = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    decomposed = unicodedata.normalize("NFD", lower)
    # Japanese voicing marks are part of the letter, not accents.
    kept = "".join(c for c in decomposed if unicodedata.category(c) != "Mn" or c in "\u3099\u309a")
    return unicodedata.normalize("NFC", kept)


def clean_code(text: str) -> str:
    """A SKU as it is meant: without what can't be seen, one kind of dash, without the formula by which
    Excel keeps leading zeros (`="00123"`), and without the name behind it (`[00123] Blue mug`)."""
    if text.isascii() and "=" not in text and "[" not in text:
        return " ".join(text.split())
    if found := _BEFORE_NAME.fullmatch(text.strip()):
        return clean_code(found[1])
    seen = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    whole = re.fullmatch(r'="?([^"]*)"?', seen.strip())
    return " ".join(_DASHES.sub("-", whole[1] if whole else seen).split())
