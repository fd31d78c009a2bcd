"""Which cells are sound credit codes, told for a whole column at once.

Belongs here: the check digit of GB 32100-2015 by arithmetic over bytes: nearly every code is sound, and SQL takes ten
times as long to say so. Not here: what is said of a code that is not (`cells`), how codes are normalised (`macros`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ingestion.macros import USCC_ALPHABET, USCC_WEIGHTS

_LENGTH = 18
_NONE = 1000  # what a byte outside the alphabet adds: no sum with it stays below
# For each place, what each byte adds to the sum; 31 divides the sum of a sound code.
_ADDED = np.full((_LENGTH, 256), _NONE, dtype=np.int16)
for _place, _weight in enumerate((*USCC_WEIGHTS, 1)):
    for _value, _character in enumerate(USCC_ALPHABET):
        _ADDED[_place, ord(_character)] = _weight * _value % len(USCC_ALPHABET)
_BLOCK = 1 << 15


def sound_codes(column: pa.Array) -> pa.Array:
    """True where the text is 18 characters of the alphabet with the right check digit; the rest is for others."""
    sound = np.zeros(len(column), dtype=bool)
    _, offsets, data = column.buffers()
    if data is None:
        return pa.array(sound)
    ends = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    places = np.flatnonzero(np.diff(ends) == _LENGTH)
    characters = np.frombuffer(data, np.uint8)
    for start in range(0, len(places), _BLOCK):
        some = places[start : start + _BLOCK]
        first = ends[some]
        total = np.zeros(len(some), dtype=np.int16)
        # Codes that stand side by side need no looking for.
        side_by_side = first[-1] - first[0] == _LENGTH * (len(some) - 1)
        for place, added in enumerate(_ADDED):
            at = slice(first[0] + place, first[-1] + place + 1, _LENGTH) if side_by_side else first + place
            total += added[characters[at]]
        sound[some] = (total < _NONE) & (total % len(USCC_ALPHABET) == 0)
    return pa.array(sound)
