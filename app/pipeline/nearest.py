"""The SKU that was probably meant."""

import difflib
import re
from collections import defaultdict
from collections.abc import Collection

_CUTOFF = 0.84
# Comparing with every code takes time: so many are compared by likeness, all others by their bare form.
_MOST_COMPARED = 100
_MOST_CODES = 20_000


class Nearest:
    """Finds the nearest of a shop's SKUs: the same letters and digits without leading zeros (`00123` for
    `123`, `MUG BLUE` for `MUG-BLUE`), else one that is alike."""

    def __init__(self, codes: Collection[str]) -> None:
        self._codes = codes
        self._by_bare: dict[str, list[str]] | None = None
        self._compared = 0

    def to(self, sku: str) -> str | None:
        """The one code that is nearest, in lower case; None where there is none, or several."""
        if self._by_bare is None:
            self._by_bare = defaultdict(list)
            for code in self._codes:
                self._by_bare[_bare(code)].append(code)
        same = self._by_bare.get(_bare(sku), [])
        if same:
            return same[0] if len(same) == 1 else None
        return self._alike(sku)

    def _alike(self, sku: str) -> str | None:
        if len(self._codes) > _MOST_CODES or self._compared >= _MOST_COMPARED:
            return None
        self._compared += 1
        found = difflib.get_close_matches(sku.lower(), self._codes, n=1, cutoff=_CUTOFF)
        return found[0] if found else None


def _bare(code: str) -> str:
    return re.sub(r"[\W_]+", "", code.casefold()).lstrip("0")
