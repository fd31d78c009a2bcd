"""The limited child: reads what must not be trusted, and may die of it. `python -m ingestion.readers.workbook_child`.

Belongs here: the limits, and requests in and answers out, one line of JSON each. Does not belong here: reading
(`workbook`, `html_tables`, `records`, `archive`). It serves one file after another until its input ends.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ingestion.readers import archive, limits
from ingestion.readers.unreadable import UnreadableError, damaged
from ingestion.readers.writing import Written

# The machine's trouble, not the file's: the run fails, and the file is tried again.
_OURS = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EACCES, errno.ENOENT, errno.EMFILE, errno.EROFS}


def _zip(path: Path, out: Path) -> list[Written] | list[archive.Member]:
    from ingestion.readers.workbook import read_zip

    return read_zip(path, out)


def _ole(path: Path, out: Path) -> list[Written]:
    from ingestion.readers.workbook import read_ole

    return read_ole(path, out)


def _html(path: Path, out: Path) -> list[Written]:
    from ingestion.readers.html_tables import read_html

    return read_html(path, out)


def _jsonl(path: Path, out: Path) -> list[Written]:
    from ingestion.readers.records import read_jsonl

    return read_jsonl(path, out)


def _parquet(path: Path, out: Path) -> list[Written]:
    from ingestion.readers.columnar import read_parquet

    return read_parquet(path, out)


_READERS: dict[str, Callable[[Path, Path], list[Written] | list[archive.Member]]] = {
    "zip": _zip, "ole": _ole, "html": _html, "jsonl": _jsonl, "parquet": _parquet, "gzip": archive.unpack_gzip,
}  # fmt: skip


def main() -> None:
    """Serve requests {kind, path, out, seconds} until there are no more."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no answer
    _limit(resource.RLIMIT_AS, limits.MEMORY)
    _limit(resource.RLIMIT_FSIZE, limits.UNPACKED)
    _limit(resource.RLIMIT_CORE, 0)
    # Where the whole machine runs short, the child goes before anybody else.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    for line in sys.stdin:
        request = json.loads(line)
        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + int(request["seconds"]) + 1)
        answers.write(json.dumps(_answer(request)) + "\n")
        answers.flush()


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        found = _READERS[request["kind"]](Path(request["path"]), Path(request["out"]))
    except UnreadableError as error:
        return {"refused": error.code, "facts": error.facts}
    except MemoryError:
        return {"refused": "too_much_memory", "facts": {"limit": limits.MEMORY >> 30}}
    except OSError as error:
        if error.errno in _OURS:
            return {"errno": error.errno, "words": str(error)}
        return {"refused": "file_damaged", "facts": damaged(error).facts}
    except Exception as error:  # noqa: BLE001 - whatever a library makes of a hostile file is said of the file
        return {"refused": "file_damaged", "facts": damaged(f"{type(error).__name__}: {error}").facts}
    sheets = [asdict(sheet) for sheet in found if isinstance(sheet, Written)]
    members = [(name, path.name) for name, path in (m for m in found if not isinstance(m, Written))]
    return {"sheets": sheets, "members": members}


if __name__ == "__main__":
    main()
