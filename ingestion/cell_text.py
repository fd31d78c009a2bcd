"""The text of cells before the engine sees it: trimmed, in one form of Unicode, and whether it is worth a look.

Belongs here: operations on whole columns of text. Does not belong here: what a cell means (`cells`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.macros import SPACE

# Bytes that make a cell worth a look for control characters and errors of a spreadsheet: C0 without tab and
# line ends, DEL, and #; and the two bytes of C1.
_SPACES = (9, 10, 13)
_ALONE = (ord("#"), 127)
_C1_LEAD, _C1_LAST = 0xC2, 0x9F

_DIGITS = dict(zip("〇零○一二三四五六七八九", "000123456789", strict=True))
_WORDS = f"[十{''.join(_DIGITS)}]"
_TENS = (
    ("([二三])十([一二三四五六七八九])", r"\1\2"),
    ("([二三])十", r"\1〇"),
    ("十([一二三四五六七八九])", r"一\1"),
    ("十", "一〇"),
)


def trimmed(column: pa.Array) -> pa.Array:
    """Cells without white space at either end; columns that are no text as they are."""
    return pc.utf8_trim(column, SPACE) if column.type == pa.string() else column


def nfkc(column: pa.Array) -> pa.Array:
    """NFKC changes no ASCII, and most columns of codes and numbers are nothing else."""
    if pc.all(pc.string_is_ascii(column)).as_py() is not False:
        return column
    return pc.utf8_normalize(column, "NFKC")


def words_as_digits(column: pa.Array) -> pa.Array:
    """二〇二五年三月十五日 as 2025年3月15日: years are told digit by digit, months and days with their tens."""
    if pc.any(pc.match_substring_regex(column, _WORDS)).as_py():
        for pattern, digits in _TENS:
            column = pc.replace_substring_regex(column, pattern, digits)
        for word, digit in _DIGITS.items():
            column = pc.replace_substring(column, word, digit)
    return column


def is_suspicious(column: pa.Array) -> bool:
    """Whether some cell may hold a control character or a spreadsheet's error."""
    buffer = column.buffers()[2]
    if buffer is None:
        return False
    data = np.frombuffer(buffer, np.uint8)
    if any((data == byte).any() for byte in _ALONE):
        return True
    if (control := data < 32).any() and not np.isin(data[control], _SPACES).all():
        return True
    # A name's middle dot begins with the same byte as C1.
    lead = np.flatnonzero(data[:-1] == _C1_LEAD)
    return bool((data[lead + 1] <= _C1_LAST).any())
