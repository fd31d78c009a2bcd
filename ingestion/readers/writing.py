"""How the limited child hands a sheet over: as delimited text of one strict kind.

Belongs here: writing a sheet, and what is said about it. Does not belong here: reading it again (`written`).
Text, because the child must start in a tenth of a second and a columnar library alone takes three.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Written:
    """One sheet on its way to the parent."""

    name: str
    file: str
    width: int
    hidden: bool = False
    first_row: int = 1  # the number of the first row; 0 where the titles are not a row of the file
    hidden_rows: int = 0
    hidden_columns: int = 0


def write_sheet(path: Path, rows: Iterable[Sequence[str | float]]) -> None:
    """Write rows of equal length, numbers as Python shows them.

    The line end is the one with which every line break in a cell is quoted.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\r\n").writerows(rows)
