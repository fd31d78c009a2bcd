"""The plainly written numbers of a column, read at once: nearly every column of a delivery is one.

Belongs here: digits, sign and point. Does not belong here: what else a cell may say (`cells`, `macros`), which cells say
nothing (`cell_text`).
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.cell_text import bytes_of

_PLACES = 6
_NUMBER, _YEAR = pa.decimal128(18, _PLACES), pa.int16()  # the engine keeps each of the first in eight bytes
# What a plain cell of a column is, by the column's type.
PLAIN = {"money": _NUMBER, "int": _NUMBER, "decimal": _NUMBER, "year": _YEAR, "period": _YEAR}
_LONGEST = 20  # a sign, a point, and as many digits as the engine keeps
_WHOLE = 12  # digits before the point, with a sign
_BYTES = (ord("-"), ord("9"))  # with a point and a slash between
_POINT = ord(".")
_NONE = pa.scalar(None, pa.string())


def plain_numbers(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """The numbers of the column; none at all where one of its cells is anything else, or does not fit as it stands."""
    if _may_be_plain(column):
        read = _decimals if kind == _NUMBER else lambda cells: pc.cast(cells, kind)
        for blanks_as_none in (False, True):
            cells = pc.if_else(pc.equal(column, ""), _NONE, column) if blanks_as_none else column
            with suppress(pa.ArrowInvalid):
                return read(cells)
    return pa.nulls(len(column), kind)


def _may_be_plain(column: pa.Array) -> bool:
    """Arrow takes 1E-81 and numbers of fifty digits for zero (apache/arrow#49817): it is given what it cannot get wrong."""
    data = bytes_of(column)
    if not len(data) or data.min() < _BYTES[0] or data.max() > _BYTES[1]:
        return False
    longest = pc.max(pc.binary_length(column)).as_py()
    return longest is not None and longest <= _LONGEST


def _decimals(cells: pa.Array) -> pa.Array:
    """Raises ArrowInvalid at a cell that is no number; rounds nothing."""
    if (pc.max(pc.binary_length(cells)).as_py() or 0) > _WHOLE or (bytes_of(cells) == _POINT).any():
        return pc.cast(cells, _NUMBER)
    # Integers are read in a third of the time. A decimal is an integer of sixteen bytes, of which the upper eight say here
    # no more than the sign.
    whole = pc.cast(cells, pa.int64())
    halves = np.empty((len(whole), 2), np.int64)
    np.multiply(np.frombuffer(whole.buffers()[1], np.int64)[: len(whole)], 10**_PLACES, out=halves[:, 0])
    np.right_shift(halves[:, 0], 63, out=halves[:, 1])
    return pa.Array.from_buffers(_NUMBER, len(whole), [whole.buffers()[0], pa.py_buffer(halves)])
