"""How much a file may ask for before it is refused: the one home of these numbers, shared with the child.

Belongs here: limits and why they stand where they do. Does not belong here: looking whether they are met.
"""

from __future__ import annotations

CELL_CHARACTERS = 131_072  # four times what a spreadsheet's cell holds
MEMORY = 4 << 30  # address space of the child; a full sheet of 1,048,576 rows and 20 columns takes 2 GB
SECONDS = 60  # of CPU for any file, and
SECONDS_PER_MB = 3  # ten times what the slowest honest file took (an HTML table)
ENTRIES = 10_000  # files in an archive
INFLATED = 4 << 30  # bytes of a workbook when unpacked
UNPACKED = 32 << 30  # bytes of delimited text out of .gz and .zip
RATIO = 200  # an honest sheet of repeated rows stays below 60; what matters is only said of large archives
RATIO_FROM = 64 << 20
RECTANGLE = 60_000_000  # cells between a sheet's first and last: about 2 GB in memory
COLUMNS = 16_384
TITLES = 2_000  # columns with anything in them among the first rows; the widest contract has some 40
BLOCK = 4 << 20  # bytes of one row


def seconds(size: int) -> int:
    """CPU seconds for a file of this size."""
    return SECONDS + SECONDS_PER_MB * (size >> 20)
