"""The SKU that was probably meant."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence

# In a hundred.
_CUTOFF = 84
# A comparison with 20,000 codes takes a millisecond; in larger shops the bare form alone is compared.
_MOST_CODES = 20_000


class Nearest:
    """Finds the nearest of a shop's SKUs: the same letters and digits without leading zeros (`00123` for
    `123`, `MUG BLUE` for `MUG-BLUE`), else one that is alike."""

    def __init__(self, codes: Collection[str]) -> None:
        self._codes = codes
        self._by_bare: dict[str, list[str]] | None = None

    def to(self, sku: str) -> str | None:
        """The one code that is nearest, in lower case; None where there is none, or several."""
        if self._by_bare is None:
            self._by_bare = defaultdict(list)
            for code in self._codes:
                self._by_bare[_bare(code)].append(code)
        same = self._by_bare.get(_bare(sku), [])
        if same:
            return same[0] if len(same) == 1 else None
        return _alike(sku.lower(), [*self._codes]) if len(self._codes) <= _MOST_CODES else None


def _alike(sku: str, codes: Sequence[str]) -> str | None:
    """The code that shares most characters with it in the same order."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 -- 4 MiB, of use only where a SKU is not known

    found = process.extract(sku, codes, scorer=fuzz.ratio, score_cutoff=_CUTOFF, limit=None)
    return max(((likeness, code) for code, likeness, _ in found), default=(0, None))[1]


def _bare(code: str) -> str:
    return re.sub(r"[\W_]+", "", code.casefold()).lstrip("0")
