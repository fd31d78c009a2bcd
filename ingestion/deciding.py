"""Writing down a person's decision: one more line of `decisions/links.csv`, after it was judged.

Belongs here: what is asked of a new line, and adding it so that a reader finds the old file or the new one. Not here:
what the lines mean (`links`), who waits for a decision.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from ingestion.contract import Source
from ingestion.decisions import DecisionError, neutral
from ingestion.inbox import decode
from ingestion.links import DECISION_COLUMNS, read_decisions
from ingestion.macros import USCC, USCC_ALPHABET, USCC_WEIGHTS


def credit_code(text: str) -> str:
    """A credit code as it is compared, or a word about what is none."""
    code = re.sub(r"[\s-]", "", text).upper()
    if not re.fullmatch(USCC, code):
        raise DecisionError(
            f"“{text}”不是统一社会信用代码（18 位，不含字母 I O S V Z）。请核对营业执照。",
            f"'{text}' is no credit code (18 characters, none of the letters I O S V Z); see the business licence.",
        )
    return code


def checks(code: str) -> bool:
    """Whether the check digit fits the other 17 characters (GB 32100-2015)."""
    *body, last = (USCC_ALPHABET.index(character) for character in code)
    return (sum(value * weight for value, weight in zip(body, USCC_WEIGHTS, strict=True)) + last) % 31 == 0


def decide_link(
    path: Path,
    contracts: Mapping[str, Source],
    *,
    source: str,
    name: str,
    uscc: str,
    by: str,
    on: date,
    registered: Collection[str] = (),
) -> bool:
    """Add the decision; False if the file says so already. Raises DecisionError, and leaves the file as it was.

    A code whose check digit does not fit is taken only if the register (`registered`) has it: some real codes are so.
    """
    linked = [known for known, contract in contracts.items() if contract.links]
    if source not in linked:
        raise DecisionError(
            f"来源“{source}”没有按名称关联的行。可用的来源：{'、'.join(linked)}",
            f"the source '{source}' has no names to link. Known: {', '.join(linked)}",
        )
    line = {
        "source": source,
        "name": " ".join(name.split()),
        "uscc": credit_code(uscc),
        "decided_by": " ".join(by.split()),
        "decided_on": on.isoformat(),
    }
    if not checks(line["uscc"]) and line["uscc"] not in registered:
        raise DecisionError(
            f"“{line['uscc']}”的校验位不符，名录中也没有这个代码。请核对营业执照。",
            f"the check digit of '{line['uscc']}' does not fit, and no register has this code; see the licence.",
        )
    with _locked(path):
        before = read_decisions(path, linked, date.max)
        if any(
            (old.source, old.name, old.uscc, old.decided_by, old.decided_on.isoformat()) == (*line.values(),)
            for old in before
        ):
            return False
        _replace(path, _with_line(path, line), linked)
    return True


def _with_line(path: Path, line: Mapping[str, str]) -> str:
    """The file's text and the line under it, in the file's own columns and line ends."""
    text = decode(path.read_bytes()) if path.exists() else ""
    end = "\r\n" if "\r\n" in text else "\n"
    header = [cell.strip() for cell in next(csv.reader(text.splitlines()), [])] or list(DECISION_COLUMNS)
    written = io.StringIO()
    writer = csv.DictWriter(written, header, restval="", lineterminator=end)
    if not text.strip():
        writer.writeheader()
    writer.writerow({column: neutral(value) for column, value in line.items()})
    return text + (end if text and not text.endswith("\n") else "") + written.getvalue()


def _replace(path: Path, text: str, linked: Collection[str]) -> None:
    """Put the text in the file's place, if it can be used as a whole: it may contradict an earlier line."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            read_decisions(aside, linked, date.max)
        except DecisionError as error:
            raise DecisionError(*(words.replace(name, str(path)) for words in (error.zh, error.en))) from None
        aside.chmod(path.stat().st_mode if path.exists() else 0o644)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two people may decide at once: the second waits, and finds the first one's line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The folder, not the file: the file is another one after it was replaced.
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
