"""A candidate: everything that a release will hold, written aside from one finished build, its manifest last.

In two steps: what is made of the build alone, which takes time and is written beside the checks, then what the checks said
and the manifest, without which a directory is no candidate.
Belongs here: the order of writing, the audit and the manifest. Does not: each file's format
(databases, tables, workbooks), the verdict (quality), becoming a release (releases.py).
"""

from __future__ import annotations

import datetime as dt
import errno
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from publication import catalogue, diff_page, differences, gap_book, indicator_pages, indicators_book
from publication.databases import Copy, attach_build, described, write_database
from publication.durable import (
    fsync_path,
    fsync_tree,
    make_private,
    private_files,
    sha256_file,
    to_json,
    write_atomic,
)
from publication.errors import CandidateError
from publication.releases import MANIFEST
from publication.tables import to_csv, to_parquet
from quality.evidence import Outcome

# Rows by database and table.
Rows = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Input:
    """One delivery that the candidate was made from."""

    source: str
    name: str
    sha256: str
    sidecar_sha256: str | None
    delivered_on: dt.date
    delivery_id: str


@dataclass(frozen=True)
class Heading:
    """What a release is called: all that its tables and pages say of it."""

    release_id: str
    as_of: dt.date
    producer: str = ""  # 制表机关, as the tables' head names it


@dataclass(frozen=True)
class Against:
    """The release that a new one follows: its folder, what tells rows of tables apart, what differs in their making."""

    folder: Path
    keys: Mapping[str, Sequence[str]]
    made_of: Mapping[str, Any]


@dataclass(frozen=True)
class ReleaseFacts:
    """What a release says about itself and no table of the build knows."""

    heading: Heading
    run_id: str
    code_version: str
    inputs: Sequence[Input]
    settings: Mapping[str, Any]
    definitions: Mapping[str, Any]
    settled_rows: Mapping[str, int]
    outcomes: Sequence[Outcome]
    verdict: Mapping[str, Any]
    approvals: Sequence[Mapping[str, Any]] = ()
    next_change_on: dt.date | None = None
    previous: str | None = None  # the release that the gate compared it with


@dataclass(frozen=True)
class Candidate:
    """A candidate as it stands on disk."""

    path: Path
    manifest_sha256: str
    rows: Rows


def write_tables(
    build_db: Path, dbt_manifest: Mapping[str, Any], out: Path, heading: Heading, engine: Mapping[str, Any]
) -> Rows:
    """Writes what is made of the build alone into the new directory `out`; whatever stops it leaves no `out`.

    `engine` says how much memory and how many threads the engine that copies may take.
    """
    tables = catalogue.published_tables(dbt_manifest)
    _require_space(build_db, out)
    out.mkdir(mode=0o700)  # nobody else comes as far as the files in it
    with _whole(out):
        (out / "public").mkdir()
        (out / "restricted").mkdir()
        # The workbook of all values takes as long as everything else.
        with attach_build(build_db, engine) as con, con.cursor() as other, ThreadPoolExecutor(1) as beside:
            book = beside.submit(
                indicators_book.write,
                other,
                out / "public" / "indicators.xlsx",
                heading.as_of,
                heading.producer,
            )
            rows = {
                place: write_database(con, out / f"{place}.duckdb", _copies(tables, place))
                for place in (catalogue.WAREHOUSE, catalogue.CONFIDENTIAL)
            }
            gap_book.write(con, out / "restricted" / "gap_list.xlsx", heading.as_of, heading.producer)
            rows["public"] = _write_public(con, tables, out / "public")
            for folder in ("public", "restricted"):
                page = indicator_pages.release_page(
                    con, heading.release_id, heading.as_of.isoformat(), public=folder == "public"
                )
                (out / folder / "indicators.md").write_text(page, encoding="utf-8")
            book.result()
        make_private(out)
        fsync_tree(out)
        return rows


def complete(out: Path, rows: Rows, facts: ReleaseFacts, against: Against | None = None) -> Candidate:
    """Adds what the checks said, what changed, the audit and the manifest to what `write_tables` wrote, flushed.

    All or no `out`.
    """
    with private_files(), _whole(out):
        with duckdb.connect() as con:
            _create_check_result(con, facts.outcomes)
            added = write_database(
                con, out / f"{catalogue.WAREHOUSE}.duckdb", [Copy(catalogue.CHECK_RESULT, "memory", "main")]
            )
        rows = {**rows, catalogue.WAREHOUSE: {**rows[catalogue.WAREHOUSE], **added}}
        _write_differences(out, facts.heading.release_id, against)
        write_atomic(out / "audit.json", to_json(_audit(facts)))
        fsync_tree(out)
        write_atomic(out / MANIFEST, to_json(_manifest(out, facts, rows)))
        fsync_path(out.parent)
        return Candidate(out, sha256_file(out / MANIFEST), rows)


@contextmanager
def _whole(out: Path) -> Iterator[None]:
    """Whatever stops what is done within, an interruption too, clears `out` away and goes on."""
    try:
        yield
    except BaseException as error:
        shutil.rmtree(out)
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise _no_space(out, None) from error
        raise


def _copies(tables: Iterable[catalogue.Table], place: str) -> list[Copy]:
    """The tables of the build that go into one database."""
    made = (table for table in tables if table is not catalogue.CHECK_RESULT)
    return [Copy(table, "build", table.schema) for table in made if place in table.publish]


def _write_public(
    con: duckdb.DuckDBPyConnection, tables: Iterable[catalogue.Table], folder: Path
) -> dict[str, int]:
    """The tables that are safe to hand out: only from the schema that disclosure control made."""
    copies = [Copy(table, "build", "public") for table in tables if table.public]
    for copy in copies:
        name = copy.table.name
        rows = con.sql(f"SELECT * FROM {copy.relation} ORDER BY ALL").to_arrow_table()
        (folder / f"{name}.csv").write_bytes(to_csv(rows))
        (folder / f"{name}.parquet").write_bytes(
            to_parquet(rows, copy.table.description, described(con, copy))
        )
    return write_database(con, folder / "public.duckdb", copies)


def _create_check_result(con: duckdb.DuckDBPyConnection, outcomes: Sequence[Outcome]) -> None:
    con.execute(
        "CREATE TABLE memory.main.check_result "
        '("check" VARCHAR, severity VARCHAR, asked VARCHAR, evaluated BIGINT, failed BIGINT, because VARCHAR)'
    )
    for each in outcomes:
        asked = f"{each.question_zh} | {each.question_en}"
        failed = each.failed if each.error is None else None
        con.execute(
            "INSERT INTO memory.main.check_result VALUES (?, ?, ?, ?, ?, ?)",
            [each.check, each.severity, asked, each.evaluated, failed, each.because],
        ).fetchall()


def _write_differences(out: Path, release_id: str, against: Against | None) -> None:
    compared, cells = None, differences.NO_CELLS
    if against is not None:
        with differences.differing(against.folder, out, against.keys) as found:
            compared = found.told(against.folder.name, release_id, against.made_of)
            cells = found.cells()
    (out / "diff.md").write_text(diff_page.page(release_id, compared), encoding="utf-8")
    (out / "diff.parquet").write_bytes(
        to_parquet(cells, "逐格的变化。 Changes, cell by cell.", differences.CELL)
    )


def _audit(facts: ReleaseFacts) -> dict[str, Any]:
    """Every check and its answer, without examples of failing rows: they may hold survey answers."""
    checks = [
        {
            "check": each.check,
            "asset": each.asset,
            "severity": each.severity,
            "asked": {"zh": each.question_zh, "en": each.question_en},
            "because": each.because,
            "evaluated": each.evaluated,
            "failed": each.failed,
            "passed": each.passed,
            "error": each.error,
            "empty_ok": each.empty_ok,
        }
        for each in sorted(facts.outcomes, key=lambda outcome: (outcome.check, outcome.asset))
    ]
    return {"release_id": facts.heading.release_id, "checks": checks, "verdict": dict(facts.verdict)}


def _manifest(out: Path, facts: ReleaseFacts, rows: Rows) -> dict[str, Any]:
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {
        "release_id": facts.heading.release_id,
        "run_id": facts.run_id,
        "as_of": facts.heading.as_of.isoformat(),
        "code_version": facts.code_version,
        "inputs": [
            {**asdict(each), "delivered_on": each.delivered_on.isoformat()}
            for each in sorted(facts.inputs, key=lambda each: (each.source, each.name, each.delivery_id))
        ],
        "settings": dict(facts.settings),
        "definitions": dict(facts.definitions),
        "settled_rows": dict(facts.settled_rows),
        "rows": {place: dict(counts) for place, counts in rows.items()},
        "files": {
            path.relative_to(out).as_posix(): {"sha256": sha256_file(path), "size": path.stat().st_size}
            for path in files
        },
        "approvals": [dict(each) for each in facts.approvals],
        "verdict": dict(facts.verdict),
        "previous": facts.previous,
        "next_change_on": facts.next_change_on.isoformat() if facts.next_change_on else None,
    }


def _require_space(build_db: Path, out: Path) -> None:
    """Refuses before anything is written; the copies are at most the build, the exports far less."""
    needed = 2 * build_db.stat().st_size
    if shutil.disk_usage(out.parent).free < needed:
        raise _no_space(out, needed)


def _no_space(out: Path, needed: int | None) -> CandidateError:
    free = shutil.disk_usage(out.parent).free
    wants_zh, wants_en = (
        (f"，需要约 {needed:,} 字节", f", about {needed:,} bytes needed") if needed else ("", "")
    )
    return CandidateError(
        "disk_full",
        f"磁盘空间不足，候选发布未写成（可用 {free:,} 字节{wants_zh}）：{out}；请清理后重新运行。",
        f"not enough disk space for the candidate ({free:,} bytes free{wants_en}): {out}; "
        "make room and run again.",
    )
