"""Archives (.zip, .gz, and the zip that a workbook is): checked before anything is built from them.

Belongs here: checksums, sizes, ratios, names of entries, unpacking. Does not belong here: what the entries
mean. Runs in the limited child; imports no heavy library.
"""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.parsers import expat

from ingestion.readers import limits
from ingestion.readers.unreadable import UnreadableError, damaged, no_table

_CHUNK = 1 << 20
_UTF8_NAME = 0x800
# What archivers and desktops leave beside the files that somebody packed.
_LITTER = ("__MACOSX/",)

Feed = Callable[[bytes, bool], None]  # a chunk, and whether it is the (empty) last
Member = tuple[str, Path]


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive, its directory within limits; whatever the library says of a bad one is said once."""
    try:
        with zipfile.ZipFile(path) as archive:
            check_directory(archive)
            yield archive
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, zlib.error) as error:
        raise damaged(error) from None
    except RuntimeError as error:
        if "encrypted" in str(error):
            raise UnreadableError("workbook_protected") from None
        raise


def check_directory(archive: zipfile.ZipFile) -> None:
    """Number, sizes and names of the entries, as the archive itself states them."""
    entries = archive.infolist()
    limit("压缩包内文件数", "files in the archive", len(entries), limits.ENTRIES)
    packed = sum(entry.compress_size for entry in entries)
    if inflated(archive) > limits.RATIO_FROM:
        limit("压缩比", "compression ratio", inflated(archive) // max(packed, 1), limits.RATIO)
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if entry.filename.startswith("/") or ".." in parts:
            raise UnreadableError("archive_unsafe", entry=entry.filename[:80])


def check_size(archive: zipfile.ZipFile, most: int) -> None:
    """The size of everything in it when unpacked."""
    limit("解压后大小（MB）", "size when unpacked (MB)", inflated(archive) >> 20, most >> 20)


def inflated(archive: zipfile.ZipFile) -> int:
    """Bytes of all entries when unpacked, as the archive says."""
    return sum(entry.file_size for entry in archive.infolist())


def read_whole(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, feeds: Sequence[Feed]) -> None:
    """Read an entry to its end, which checks its CRC."""
    with archive.open(entry) as file:
        while chunk := file.read(_CHUNK):
            for feed in feeds:
                feed(chunk, False)
    for feed in feeds:
        feed(b"", True)


def well_formed() -> Feed:
    """Proves that what it is fed is sound XML, which calamine does not ask; with entities it is made to grow."""
    parser = expat.ParserCreate(namespace_separator=" ")

    def doctype(*_: object) -> None:
        raise UnreadableError("archive_unsafe", entry="<!DOCTYPE")

    def feed(chunk: bytes, is_last: bool) -> None:
        try:
            parser.Parse(chunk, is_last)
        except expat.ExpatError as error:
            raise damaged(error) from None

    parser.StartDoctypeDeclHandler = doctype
    return feed


def unpack_zip(archive: zipfile.ZipFile, out: Path) -> list[Member]:
    """The files in an archive that is no workbook, under names of our own."""
    check_size(archive, limits.UNPACKED)
    members: list[Member] = []
    for entry in archive.infolist():
        name = _name(entry)
        base = name.rsplit("/", 1)[-1]
        if entry.is_dir() or name.startswith(_LITTER) or base.startswith((".", "~$")) or base == "Thumbs.db":
            continue
        target = out / f"member{len(members)}"
        with target.open("wb") as file, archive.open(entry) as packed:
            shutil.copyfileobj(packed, file, _CHUNK)
        members.append((name, target))
    if not members:
        raise no_table("空的压缩包", "an archive without files")
    return members


def unpack_gzip(path: Path, out: Path) -> list[Member]:
    """The one file in a .gz; its checksum is checked at its end."""
    target = out / "member0"
    size, packed = 0, max(1, path.stat().st_size)
    try:
        with gzip.open(path) as file, target.open("wb") as plain:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                limit("解压后大小（MB）", "size when unpacked (MB)", size >> 20, limits.UNPACKED >> 20)
                if size > limits.RATIO_FROM:
                    limit("压缩比", "compression ratio", size // packed, limits.RATIO)
                plain.write(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise damaged(error) from None
    return [("", target)]


def limit(zh: str, en: str, found: int, most: int) -> None:
    """Refuse what is over a limit, naming it."""
    if found > most:
        raise UnreadableError("workbook_too_large", what_zh=zh, what_en=en, found=found, limit=most)


def _name(entry: zipfile.ZipInfo) -> str:
    """Archivers on Chinese desktops write names in GBK and do not say so."""
    if entry.flag_bits & _UTF8_NAME:
        return entry.filename
    try:
        raw = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename
