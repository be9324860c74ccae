"""What was passed over in a file, and how its cells were understood."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from app.pipeline.files.vocabulary import IN_WORDS


@dataclass(slots=True)
class Tally:
    """What was passed over and how cells were understood, for the rehearsal."""

    totals: int = 0
    comments: int = 0
    summed: int = 0
    empty: int = 0
    vague: Counter[str] = field(default_factory=Counter)
    vague_days: dict[str, date] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def sentences(self) -> list[str]:
        """The same in words."""
        said = []
        if self.totals:
            said.append(f"{_rows(self.totals)} of totals left out.")
        if self.comments:
            said.append(f"{_rows(self.comments)} without an order line left out.")
        if self.summed:
            said.append(f"{_rows(self.summed)} added to others of the same order, SKU, and date.")
        if self.empty:
            said.append(
                f"{_rows(self.empty)} without units in any of these columns: nothing comes of it."
            )
        for text, _ in self.vague.most_common(3):
            said.append(f'"{text}" names no day: {self.vague_days[text]} is used.')
        for role, count in sorted(self.left_out.items()):
            said.append(f"The {IN_WORDS[role]} of {_rows(count)} is not understood and is left out.")
        return said


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
