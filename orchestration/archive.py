"""The archive of a home: what is in it, in which order, and what one of unknown origin may hold.

Here: the names, the table of contents, the modes that restored files get. Not here: reading a home (backup.py),
making one (restore.py).

It is a plain tar, so that it can be opened without us: `mkdir home && tar -xpf FILE -C home` gives a home too.
`backup.json` comes first and says of each file its size and SHA-256, so that whoever reads the archive once, from front
to back, knows at each byte what it should be; `backup.sha256` comes last, vouches for `backup.json`
(`sha256sum -c backup.sha256`) and shows that the archive was written to its end.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from publication.durable import sha256_bytes

CONTENTS = "backup.json"
SEAL = "backup.sha256"
CURRENT = "releases/current"
QUERIES = "warehouse/queries.jsonl"
# What can't be made again. Of warehouse/ only who asked what: the rest is working state.
PARTS = ("innostat.toml", "decisions", "inbox", "raw", "releases", "runs")
# Some 200 bytes a file: a million files. Nobody's table of contents may fill the memory.
LARGEST_CONTENTS = 256 * 2**20

_FORMAT, _VERSION = "innostat-backup", 1
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MODE = re.compile(r"0[0-7]{3}")
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class ArchiveError(Exception):
    """An archive that is not what `innostat backup` wrote: why, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Member:
    """One folder or file of the home; a folder has no hash."""

    path: str
    mode: int
    size: int = 0
    sha256: str = ""

    @property
    def is_folder(self) -> bool:
        """Whether it holds others."""
        return not self.sha256


@dataclass(frozen=True)
class Contents:
    """The table of contents: the home's folders and files, parents first, and where `current` points."""

    created_at: str
    mode: int
    current: str | None
    members: tuple[Member, ...]

    @property
    def files(self) -> int:
        """How many files there are."""
        return sum(not member.is_folder for member in self.members)

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(member.size for member in self.members)

    def to_json(self) -> bytes:
        """As the archive holds it; names that are no Unicode are escaped, so that they come back as they were."""
        told = {
            "format": _FORMAT,
            "version": _VERSION,
            "created_at": self.created_at,
            "mode": _octal(self.mode),
            "current": self.current,
            "files": self.files,
            "bytes": self.size,
            "members": [_told(member) for member in self.members],
        }
        return (json.dumps(told, indent=0) + "\n").encode("ascii")


def seal_of(contents: bytes) -> bytes:
    """The last member: a line that `sha256sum -c` reads."""
    return f"{sha256_bytes(contents)}  {CONTENTS}\n".encode("ascii")


def read_contents(content: bytes) -> Contents:
    """The table of contents of an archive that anybody may have made; refuses what no home has."""
    try:
        told = json.loads(content)
        if (told["format"], told["version"]) != (_FORMAT, _VERSION):
            raise ArchiveError(
                f"格式为 {told['format']} {told['version']}，本程序只认 {_FORMAT} {_VERSION}",
                f"its format is {told['format']} {told['version']}, this program knows {_FORMAT} {_VERSION}",
            )
        found = Contents(
            created_at=str(told["created_at"]),
            mode=_mode(told["mode"]),
            current=told["current"],
            members=tuple(_member(one) for one in told["members"]),
        )
        same = (found.files, found.size) == (told["files"], told["bytes"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArchiveError(f"其 {CONTENTS} 读不出", f"its {CONTENTS} can't be read") from error
    if not same:
        raise ArchiveError(f"其 {CONTENTS} 自相矛盾", f"its {CONTENTS} contradicts itself")
    _judge(found)
    return found


def rights(member: Member) -> int:
    """The mode of a restored member: as it was, but what is private or published is so whatever the archive says."""
    if member.is_folder:
        return (member.mode & 0o775) | 0o700
    mode = (member.mode & 0o775) | 0o400
    top, _, rest = member.path.partition("/")
    if rest.rpartition("/")[2] == "confidential.duckdb" or top == "warehouse":
        return 0o600
    return mode & 0o555 if top == "releases" or member.path.startswith("raw/blobs/") else mode


def _judge(contents: Contents) -> None:
    """Only places that a home has, each once, below a folder that was named before."""
    folders, files = {""}, set[str]()
    for member in contents.members:
        path = member.path
        parts = path.split("/")
        place = path in ("warehouse", QUERIES) if parts[0] == "warehouse" else parts[0] in PARTS
        if not place or path == CURRENT or "\0" in path or {"", ".", ".."} & set(parts):
            raise ArchiveError(
                f"其中 {shown(path)} 不属于数据目录", f"{shown(path)} in it has no place in a home"
            )
        if path in folders or path in files:
            raise ArchiveError(f"其中 {shown(path)} 出现两次", f"{shown(path)} is in it twice")
        if path.rpartition("/")[0] not in folders:
            raise ArchiveError(f"其中 {shown(path)} 没有上级文件夹", f"{shown(path)} in it is in no folder")
        (folders if member.is_folder else files).add(path)
    current = contents.current
    if current is not None and not (
        isinstance(current, str)
        and _RELEASE.fullmatch(current)
        and f"releases/{current}/manifest.json" in files
    ):
        raise ArchiveError("其现行发布不在其中", "the current release that it names is not in it")


def shown(path: str) -> str:
    """A name as it can be printed, also one that is no Unicode or would steer the terminal."""
    printable = (sign if sign.isprintable() else ascii(sign)[1:-1] for sign in path)
    return "".join(printable)


def _told(member: Member) -> dict[str, Any]:
    told: dict[str, Any] = {"path": member.path, "mode": _octal(member.mode)}
    return told if member.is_folder else {**told, "size": member.size, "sha256": member.sha256}


def _member(told: dict[str, Any]) -> Member:
    path, mode = told["path"], _mode(told["mode"])
    if not isinstance(path, str):
        raise ValueError(path)
    if "sha256" not in told:
        return Member(path, mode)
    size, sha256 = told["size"], told["sha256"]
    if type(size) is not int or size < 0 or not _SHA256.fullmatch(sha256):
        raise ValueError(path)
    return Member(path, mode, size, sha256)


def _octal(mode: int) -> str:
    return f"{mode:04o}"


def _mode(text: str) -> int:
    if not _MODE.fullmatch(text):
        raise ValueError(text)
    return int(text, 8)
