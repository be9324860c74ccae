"""Rows that add up others, by the word that they begin or end with."""

from app.pipeline.files.fold import fold
from app.pipeline.files.vocabulary import TOTALS

# "MUG-BLUE Total" adds up mugs; shorter words for it may be part of a code.
_TOTALS_OF = frozenset({word for word in TOTALS if " " not in word and len(word) >= len("total")})


def is_total_word(text: str) -> bool:
    """A word for totals, alone or after what is added up ("MUG-BLUE Total")."""
    has_digits = any(map(str.isdigit, text))
    if has_digits and " " not in text:
        return False
    words = fold(text)
    is_after = len(words.split()) > 1 and words.rpartition(" ")[2] in _TOTALS_OF
    return is_after or (not has_digits and words in TOTALS)


def begins_a_total(cell: str) -> bool:
    """Whether a cell begins with a word for totals."""
    words = fold(cell)
    return words in TOTALS or words.split(" ")[0] in TOTALS
