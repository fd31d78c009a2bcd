"""What a workbook says about the cells of one sheet besides their values; the same for every format.

Belongs here: flaws by place, and how much is hidden. Does not belong here: finding them (`sheet_xml`, `biff`,
`ods_xml`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

# Before a formula without a value: the character "substitute", which no spreadsheet's cell can hold. The same
# stands in `macros`, which the child does not import.
FORMULA = "\x1a="


@dataclass
class Seen:
    """Rows and columns of the flaws count from 0, those of the spans from 1."""

    flaws: dict[int, dict[int, str]] = field(default_factory=dict)  # row → column → what stands for a value
    hidden_rows: int = 0
    hidden_spans: list[tuple[int, int]] = field(default_factory=list)

    def hidden_columns(self, width: int) -> int:
        """How many of the first `width` columns are hidden: spans often run to the end of the sheet."""
        return sum(max(0, min(last, width) - first + 1) for first, last in self.hidden_spans)
