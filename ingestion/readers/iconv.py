"""GB18030 to UTF-8 through the C library's iconv: twice as fast as Python's codec, and other threads run meanwhile.

Belongs here: the call, and whether it may be trusted. Does not belong here: what is done where it may not (`encoding`).
Editions of the standard differ on some forty characters, and so do Python and the C libraries. A text with one of them,
or of their rare neighbours, is left to Python's codec: a name must not depend on the machine.
"""

from __future__ import annotations

import ctypes
from functools import cache
from itertools import chain
from typing import Any

import numpy as np

# What is not disputed, of all that is not ASCII; the same told by bytes of UTF-8 is `_is_disputed`.
_AGREED = (
    range(0x80, 0x1E00),
    range(0x1E40, 0x9FB4),
    range(0x9FBC, 0xD800),
    range(0xF000, 0xFE00),
    range(0xFE40, 0x10000),
)
_LEADS = (b"\xee", b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4")
_PAIRS = ((0xE1, 0xB8), (0xEF, 0xB8))
_Bytes = np.ndarray[Any, np.dtype[np.uint8]]
_GROWTH = 2  # bytes for one, at the most


def to_utf8(text: bytes) -> bytes | None:
    """Whole characters of GB18030 as UTF-8; None where Python's codec is to say what they are, or that they are none."""
    done = _convert(text) if _agrees() else None
    return None if done is None or _is_disputed(done) else done


def _is_disputed(text: bytes) -> bool:
    if any(lead in text for lead in _LEADS):
        return True
    data = np.frombuffer(text, np.uint8)
    if any(len(_after(data, *pair)) for pair in _PAIRS):
        return True
    last = _after(data, 0xE9, 0xBE)
    return bool(((last >= 0xB4) & (last <= 0xBB)).any())


def _after(data: _Bytes, first: int, second: int) -> _Bytes:
    """The third bytes of the characters that begin with these two."""
    places = np.flatnonzero(
        data == first
    )  # a search for both would stop at each second byte, and these are common
    found: _Bytes = data[places[data[places + 1] == second] + 2]
    return found


@cache
def _agrees() -> bool:
    """Whether there is an iconv that reads as Python does; a few milliseconds, once."""
    text = "".join(map(chr, chain(*_AGREED)))
    return _convert(text.encode("gb18030")) == text.encode()


@cache
def _library() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None)
    try:
        library.iconv_open.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
        library.iconv_open.restype = ctypes.c_void_p
        library.iconv.argtypes = [ctypes.c_void_p] * 5
        library.iconv.restype = ctypes.c_size_t
        library.iconv_close.argtypes = [ctypes.c_void_p]
    except AttributeError:  # a system that keeps it elsewhere
        return None
    return library


def _convert(text: bytes) -> bytes | None:
    """What iconv makes of the text; None where there is none, or it stops before the end."""
    library = _library()
    if library is None:
        return None
    converter = library.iconv_open(b"UTF-8", b"GB18030")  # has a state, and several threads convert at once
    if converter == ctypes.c_void_p(-1).value:
        return None
    try:
        out = ctypes.create_string_buffer(_GROWTH * len(text))
        unread, room = ctypes.c_size_t(len(text)), ctypes.c_size_t(len(out))
        source, target = ctypes.c_char_p(text), ctypes.c_char_p(ctypes.addressof(out))
        library.iconv(converter, *map(ctypes.byref, (source, unread, target, room)))
        return None if unread.value else ctypes.string_at(out, len(out) - room.value)
    finally:
        library.iconv_close(converter)
