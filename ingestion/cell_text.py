"""The text of cells before the engine sees it: trimmed, in one form of Unicode, and whether it is worth a look.

Belongs here: operations on whole columns of text. Does not belong here: what a cell means (`cells`).
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.macros import INVISIBLE, MISSING, SPACE

_Bytes = np.ndarray[Any, np.dtype[np.uint8]]

# Bytes that make a cell worth a look for control characters and errors of a spreadsheet: C0 without tab and
# line ends, DEL, and #; and the two bytes of C1.
_ASCII_END = 0x80
_SPACES = (9, 10, 13)
_SPACE_LAST = 32  # of those that are one byte; the others begin with
_SPACE_LEADS = sorted({space.encode()[0] for space in SPACE} - set(range(_SPACE_LAST + 1)))
_ERROR, _DELETE = ord("#"), 127
_C1_LEAD, _C1_LAST = 0xC2, 0x9F

# Nothing, as people write it: half and full width mixed. The lengths in bytes spare nearly every cell the comparison.
_WIDE = str.maketrans({character: f"{character}{chr(ord(character) + 0xFEE0)}" for character in "-/anul"})
_NOTHING = pa.array(
    sorted({"".join(mixed) for word in MISSING for mixed in product(*(c.translate(_WIDE) for c in word))})
)
_LONGEST = max(map(len, MISSING))
_LONGEST_WIDE = 3 * _LONGEST

_NONE = pa.scalar(None, pa.string())

_INVISIBLE_LEADS = (0xC2, 0xE1, 0xE2, 0xEF)  # bytes with which they begin
# What NFKC makes letters, digits and signs of, though nobody wrote it for one: raised, lowered, encircled, bracketed,
# fractions, squares of units. Full-width and vertical forms are not among them.
_FOOTNOTE = (
    r"[\x{aa}\x{b2}\x{b3}\x{b9}\x{ba}\x{bc}-\x{be}\x{132}-\x{1f3}\x{2b0}-\x{37e}\x{1d2c}-\x{1fef}\x{2024}-\x{2026}"
    r"\x{203c}-\x{2049}\x{2070}-\x{209c}\x{20a8}\x{2100}-\x{218b}\x{2460}-\x{24ff}\x{2a74}-\x{2a76}\x{2c7c}\x{2c7d}"
    r"\x{3200}-\x{33ff}\x{a7f2}-\x{a7f4}\x{fb00}-\x{fb29}\x{fe4d}-\x{fe4f}\x{107a5}\x{1d400}-\x{1d7ff}"
    r"\x{1f100}-\x{1f1ff}\x{1fbf0}-\x{1fbf9}]"
)
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
    return pc.utf8_trim(column, SPACE) if column.type == pa.string() and _has_space(column) else column


def _has_space(column: pa.Array) -> bool:
    """Whether there may be white space anywhere: most columns of codes, numbers and names have none."""
    data = bytes_of(column)
    if not len(data):
        return False
    if data.min() <= _SPACE_LAST:
        return True
    return bool(data.max() >= _SPACE_LEADS[0]) and any((data == lead).any() for lead in _SPACE_LEADS)


def bytes_of(column: pa.Array) -> _Bytes:
    """All cells in one, and perhaps others beside them."""
    return np.frombuffer(column.buffers()[2] or b"", np.uint8)


def nfkc(column: pa.Array) -> pa.Array:
    """NFKC, without what nobody sees; most columns of codes and numbers are ASCII, which it does not change."""
    if bytes_of(column).max(initial=0) < _ASCII_END:
        return column
    return _without_invisible(pc.utf8_normalize(column, "NFKC"))


def said(column: pa.Array, *, wide: bool, number: pa.Array | None = None) -> pa.Array:
    """NULL for cells that say nothing (MISSING); in full-width forms too, if there may be some.

    `number` is what `plain_numbers` made of the column: where it has numbers at all, its other cells are blank.
    """
    if number is not None and number.null_count < len(number):
        return pc.if_else(pc.is_valid(number), column, _NONE) if number.null_count else column
    lengths = pc.binary_length(column)
    if pc.all(pc.greater(lengths, _LONGEST_WIDE if wide else _LONGEST)).as_py() is not False:
        return column
    return pc.if_else(pc.is_in(pc.utf8_lower(column), _NOTHING), _NONE, column)


def figures(column: pa.Array) -> pa.Array:
    """NFKC for numbers and days: full-width forms are digits, the mark of a footnote behind a number (12①, 5²) is none."""
    normal = nfkc(column)
    if normal is column or not pc.any(marked := pc.match_substring_regex(column, _FOOTNOTE)).as_py():
        return normal
    return pc.if_else(marked, column, normal)


def _without_invisible(column: pa.Array) -> pa.Array:
    """Cells without zero-width characters, which copying from pages and documents leaves in them."""
    data = bytes_of(column)
    if not any((data == lead).any() for lead in _INVISIBLE_LEADS):
        return column
    return pc.replace_substring_regex(column, INVISIBLE, "")


def words_as_digits(column: pa.Array) -> pa.Array:
    """二〇二五年三月十五日 as 2025年3月15日: years are told digit by digit, months and days with their tens."""
    if (
        pc.all(pc.string_is_ascii(column)).as_py() is False
        and pc.any(pc.match_substring_regex(column, _WORDS)).as_py()
    ):
        for pattern, digits in _TENS:
            column = pc.replace_substring_regex(column, pattern, digits)
        for word, digit in _DIGITS.items():
            column = pc.replace_substring(column, word, digit)
    return column


def is_suspicious(column: pa.Array) -> bool:
    """Whether some cell may hold a control character or a spreadsheet's error."""
    data = bytes_of(column)
    if not len(data):
        return False
    if data.min() <= _ERROR:
        if (data == _ERROR).any():
            return True
        if (control := data < 32).any() and not np.isin(data[control], _SPACES).all():
            return True
    if data.max() < _DELETE:
        return False
    # A name's middle dot begins with the same byte as C1.
    lead = np.flatnonzero(data[:-1] == _C1_LEAD)
    return bool((data == _DELETE).any() or (data[lead + 1] <= _C1_LAST).any())
