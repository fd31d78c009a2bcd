"""In which encoding a text is written: proved over the whole file, never guessed from a part of it.

Belongs here: byte order marks, UTF-8, GB18030, UTF-16, and what only looks like GB18030. Does not belong
here: delimiters and fields (`csv_reader`). Imports no heavy library: the limited child uses it too.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from ingestion.readers.unreadable import UnreadableError

SHOWN = {"utf-8-sig": "UTF-8 (BOM)", "utf-8": "UTF-8", "gb18030": "GB18030", "utf-16": "UTF-16"}

COPIED = ("gb18030", "utf-16")  # what `examine` copies as UTF-8

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CHUNK = 1 << 20
# GB18030 takes nearly any bytes. A run of at least four Chinese characters in UTF-8 is never a run in GB18030
# that anybody wrote: its pairs would begin with the rarest letters (a chance of some 1e-10 for each run).
# The set stands before the look behind it: a search skips to its bytes.
_UTF8_RUN = re.compile(
    rb"[\xe3-\xe9\xef](?<![\x80-\xff][\x80-\xff])[\x80-\xbf]{2}(?:[\xe3-\xe9\xef][\x80-\xbf]{2}){3,}(?![\x80-\xff])"
)
_RARE = bytes(range(0x80, 0xA1))  # half of UTF-8's later bytes, and nearly none of GB18030's
_THREE_BYTES = bytes(range(0xE0, 0x100))  # with these UTF-8 begins a Chinese character
# Two letters of Europe, or two characters of GB 2312.
_TWO_PAIRS = re.compile(rb"(?:[\xc2-\xdf][\xa1-\xbf]){2}")
_PAIR = re.compile(rb"[\x81-\xfe][\x40-\xfe]")
_PAIRS = 4_000  # tell a script
_BIG5_SHARE = 0.2  # of pairs outside GB 2312: below 0.05 in simplified Chinese, 0.4 in Big5 taken for it


def examine(path: Path, copy: Path | None = None) -> tuple[str, bool]:
    """The encoding in which the whole file can be read, and whether it holds quotes.

    Where a copy is asked for and the file is not in UTF-8, the copy is: what was decoded once need not be again.
    """
    with path.open("rb") as file:
        start = file.read(4)
    for bom, encoding in _BOMS:
        if start.startswith(bom):
            bad, quoted = _first_bad_byte(path, encoding, copy)
            if bad:
                raise UnreadableError("bad_characters", encoding=SHOWN[encoding], offset=bad[0], line=bad[1])
            return encoding, quoted
    places = []
    for encoding in ("utf-8", "gb18030"):
        bad, quoted = _first_bad_byte(path, encoding, copy)
        if bad is None:
            if encoding == "gb18030" and is_big5(path):
                raise UnreadableError("encoding_big5")
            if encoding == "utf-8" and _may_be_gb18030(path):
                raise UnreadableError("encoding_ambiguous")
            return encoding, quoted
        places.append(bad)
    # The encoding that came furthest is the one that was meant.
    offset, line = max(places)
    raise UnreadableError("encoding", offset=offset, line=line)


def _first_bad_byte(path: Path, encoding: str, copy: Path | None) -> tuple[tuple[int, int] | None, bool]:
    """(offset, line) from 1 of the first byte that is not of this encoding, if any; were there quotes."""
    # With its mark as a character like any other, or places would be counted from behind it.
    decoder = codecs.getincrementaldecoder(encoding.removesuffix("-sig"))("strict")
    offset, lines, quoted = 0, 1, False
    with path.open("rb") as file, _writer(copy, encoding) as write:
        while True:
            chunk = file.read(_CHUNK)
            held = len(decoder.getstate()[0])
            try:
                write(decoder.decode(chunk, final=not chunk))
            except UnicodeDecodeError as error:
                at = max(0, error.start - held)
                return (offset + at + 1, lines + chunk[:at].count(b"\n")), quoted
            if encoding == "gb18030" and (run := utf8_run(chunk)) is not None:
                return (offset + run + 1, lines + chunk[:run].count(b"\n")), quoted
            if not chunk:
                return None, quoted
            offset += len(chunk)
            lines += chunk.count(b"\n")
            quoted = quoted or b'"' in chunk


@contextmanager
def _writer(copy: Path | None, encoding: str) -> Iterator[Callable[[str], object]]:
    """Where the decoded text goes."""
    if copy is None or encoding not in COPIED:
        yield lambda text: None
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    with copy.open("w", encoding="utf-8", newline="") as file:
        yield file.write


def utf8_run(chunk: bytes) -> int | None:
    """Where a text in GB18030 goes over into UTF-8, if it does."""
    if len(chunk.translate(None, _RARE)) == len(chunk):
        return None
    found = _UTF8_RUN.search(chunk)
    return found.start() if found else None


def _may_be_gb18030(path: Path) -> bool:
    """Whether sound UTF-8 has no Chinese character as UTF-8, and has some as GB18030: 千山木 would be ǧɽľ."""
    found = False
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if len(chunk.translate(None, _THREE_BYTES)) < len(chunk):
                return False
            found = found or _TWO_PAIRS.search(chunk) is not None
    return found


def is_big5(path: Path) -> bool:
    """Whether what can be read as GB18030 is Big5: many rare characters as the one, sound text as the other."""
    with path.open("rb") as file:
        pairs = [pair[0] for pair in islice(_PAIR.finditer(file.read(_CHUNK)), _PAIRS)]
    rare = sum(pair[0] < 0xA1 or pair[1] < 0xA1 for pair in pairs)
    if rare < 3 or rare < _BIG5_SHARE * len(pairs):
        return False
    decoder = codecs.getincrementaldecoder("big5hkscs")("strict")
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
