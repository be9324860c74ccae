#!/usr/bin/env bash
# python-calamine 0.9.1: the two ways to read a sheet disagree about the empty area around a table.
#
# Guess, before it was run: `iter_rows()` is `to_python()` one row at a time, so both begin with the
# same row, and a row has the same cells in both.
#
# Seen, for a table whose first cell is C4: `iter_rows()` gives three empty rows first, so that a row's
# place is its number in the sheet, but leaves out the empty columns A and B, so that a cell's place is
# not its column; `to_python()` leaves out both. Whoever names a line to a person by counting rows is
# right with one of them alone, and whoever names a column by counting cells with neither.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q python-calamine==0.9.1 openpyxl==3.1.5
cat > "$folder/try.py" <<'PYTHON'
import io

import openpyxl
import python_calamine

book = openpyxl.Workbook()
for place, value in {"C4": "PO", "D4": "Qty", "C5": "PO-1", "D5": 4}.items():
    book.active[place] = value
written = io.BytesIO()
book.save(written)
written.seek(0)
sheet = python_calamine.load_workbook(written).get_sheet_by_name("Sheet")

table = [["PO", "Qty"], ["PO-1", 4.0]]
seen = list(sheet.iter_rows()), sheet.to_python()
print(*seen, sep="\n")
assert seen == ([["", ""]] * 3 + table, table), seen
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
