"""Lines of a file for a spreadsheet."""

import csv
import io
import re
from collections.abc import Sequence

# A cell that begins so would be run as a formula by the spreadsheet that opens it:
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# What a plain number comes to is the number; as a text it could not be sorted or summed.
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def cell_line(cells: Sequence[str]) -> str:
    """One line of CSV; no cell of it is a formula."""
    written = io.StringIO()
    csv.writer(written).writerow([f"'{cell}" if _is_run(cell) else cell for cell in cells])
    return written.getvalue()


def _is_run(cell: str) -> bool:
    return cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell)
