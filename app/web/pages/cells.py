"""Lines of a file for a spreadsheet."""

import csv
import io
from collections.abc import Sequence

# A cell that begins so would be run as a formula by the spreadsheet that opens it:
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell_line(cells: Sequence[str]) -> str:
    """One line of CSV; no cell of it is a formula."""
    written = io.StringIO()
    csv.writer(written).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return written.getvalue()
