"""One spelling of what people spell in many ways: accents, case, widths, camel case, signs."""

import re
import unicodedata

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_APART = re.compile(r"[\W_]+")
# Letters that no decomposition takes apart.
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d"})
_NUMBER = frozenset({"no", "nr", "num", "nummer", "numero", "numer", "nbr", "nro"})
# "Varenr." and "Artikelnr." are one word with its "number".
_COMPOUND = re.compile(r"(?<=\w{3})nr$")
# As Odoo writes a product.
_BEFORE_NAME = re.compile(r"\[([^\[\]]+)\]\s+\S.*")
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


def _numbered(name: str) -> str:
    words = (_COMPOUND.sub("nummer", word) for word in fold(name).split())
    return " ".join("number" if word in _NUMBER else word for word in words)


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
