"""One delivery → typed rows, issues and a receipt. A pure function of the bytes, the sidecar, the contract
and its date.

Belongs here: opening, finding headers, running the generated SQL, counting, writing. Does not belong
here: which rows hold beside other deliveries (`settle`), when this is called.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from ingestion.cell_text import is_suspicious, nfkc, trimmed
from ingestion.cells import is_nfkc
from ingestion.codes import sound_codes
from ingestion.contract import Source
from ingestion.header import Titles, find_header, plain
from ingestion.macros import identifier
from ingestion.mark import ANSWERS, mark_column, own_columns, returned_sql
from ingestion.readers.opening import open_book
from ingestion.readers.sheet import Book, TextSheet, schema
from ingestion.reference import Reference
from ingestion.remarks import no_header, renamed
from ingestion.repeated import skip_repeated_heads
from ingestion.rowsql import (
    Job,
    insert_sql,
    issues_sql,
    rulebook,
    table_sql,
    title_parameters,
)
from ingestion.rules import RefusedError, note, refuse
from ingestion.sidecar import Sidecar, parse_sidecar
from ingestion.store import Delivery
from ingestion.totals import LINES, mismatches
from ingestion.typed_receipt import Receipt, SheetReceipt, save_receipt
from ingestion.units import units_text

_CODE = (
    "cell_text cells codes contract header hints macros mark remarks repeated rowsql rules sidecar totals typed"
    " typed_receipt units readers/*"
)
_no_issues: list[bytes] = []  # the file of issues without any, once one was written
RETURNED, ANSWERED = "returned.parquet", "answers.parquet"
# Each row falls under one of the three; that they add up to the rows is asserted.
_COUNTS = """
SELECT count(*), count(*) FILTER (WHERE _kind IN ('data', 'ragged') AND NOT _bad),
    count(*) FILTER (WHERE _kind IN ('data', 'ragged') AND _bad), count(*) FILTER (WHERE _kind IN ('skipped', 'total'))
FROM typed"""
_ROWS = """
SELECT count(*), count(*) FILTER (WHERE _kind = 'total'), count(*) FILTER (WHERE _kind = 'head')
FROM typed WHERE _sheet = ?"""


def type_delivery(
    delivery: Delivery, source: Source, blob_path: Path, reference: Reference, out_dir: Path
) -> Receipt:
    """Write the parquet files and, as the mark that they are whole, `receipt.json`."""
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / "receipt.json").unlink(missing_ok=True)
    scratch = out_dir / ".sheets"
    shutil.rmtree(scratch, ignore_errors=True)  # of a run that died
    con = reference.connect(spill=out_dir.parent / ".spill")
    try:
        con.execute(table_sql(source))
        receipt = Receipt(
            delivery.delivery_id, source.name, delivery.name, fingerprint(delivery, source, reference)
        )
        cut, apart = False, list[dict[str, object]]()
        try:
            receipt, cut, apart = _load(con, delivery, source, blob_path, receipt, scratch)
        except RefusedError as error:
            receipt = replace(receipt, refused=error.reason)
            con.execute("DELETE FROM typed")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        _write(con, source, delivery, out_dir, receipt, apart, cut=cut)
    finally:
        con.close()
    save_receipt(receipt, out_dir)
    return receipt


def fingerprint(delivery: Delivery, source: Source, reference: Reference) -> str:
    """Changes with anything that the typed rows of this delivery depend on besides its own bytes."""
    facts = f"{source!r}\0{delivery.delivered_on}\0{reference.fingerprint}\0{_code()}"
    return hashlib.sha256(facts.encode()).hexdigest()


@cache
def _code() -> str:
    here = Path(__file__).parent
    digest = hashlib.sha256((here / "rules.yml").read_bytes())
    for path in sorted(path for name in _CODE.split() for path in here.glob(f"{name}.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _load(
    con: duckdb.DuckDBPyConnection,
    delivery: Delivery,
    source: Source,
    blob_path: Path,
    receipt: Receipt,
    scratch: Path,
) -> tuple[Receipt, bool, list[dict[str, object]]]:
    """Fill the table `typed`; the receipt, whether the last row may have been cut, and totals that do not fit."""
    sidecar = parse_sidecar(delivery.sidecar, source)
    if sidecar.sha256 not in (None, delivery.sha256):
        raise refuse("sha256_mismatch")
    titles = Titles(source, sidecar.columns)
    book = open_book(blob_path, titles.count, scratch)
    sheets, said, notes = [], list[dict[str, str]](), list(book.notes)
    apart = list[dict[str, object]]()
    for sheet in _chosen(book, sidecar):
        layout = find_header(
            sheet.head,
            titles,
            sheet=sheet.name,
            unit=sidecar.unit,
            constants=sidecar.constants.keys(),
            keys_only=sidecar.mode == "delete",
        )
        if layout is None:
            notes.append(note("sheet_passed_over", sheet=sheet.name))
            sheets.append(SheetReceipt(sheet.name, sheet.hidden, False, 0, 0, ()))
            continue
        notes += [note("hidden_sheet", sheet=sheet.name)] if sheet.hidden else []
        own = own_columns(sheet.name)
        notes += [*(one for one in layout.notes if one not in own), *renamed(source, layout, sheet.name)]
        job = Job(source, layout, sidecar.constants, delivery.delivered_on, sidecar.mode == "delete",
                  mark=mark_column(sheet.head, layout))  # fmt: skip
        said.append({"sheet": sheet.name, "units": units_text(layout.powers)})
        _type_sheet(con, sheet, job)
        rows, totals, heads = con.execute(_ROWS, [sheet.name]).fetchall()[0]
        if heads:
            skip_repeated_heads(con, sheet, layout, titles)
        apart += mismatches(con, source, layout, sheet.name) if totals else []
        sheets.append(SheetReceipt(sheet.name, sheet.hidden, True, layout.data, rows, layout.units))
    if not any(sheet.read for sheet in sheets):
        raise no_header(source, book)
    absent = [title for title in sidecar.columns if not any(plain(title) in _titles(s) for s in book.sheets)]
    con.register("said", pa.Table.from_pylist(said))
    corrects = con.execute(f"SELECT bool_or(starts_with(mark, 's')) FROM ({ANSWERS})").fetchall()[0][0]
    notes += [note("corrected")] if corrects is not None else []
    notes += [note("mapped_title_absent", title=title) for title in absent]
    rows_read, accepted, quarantined, skipped = con.execute(_COUNTS).fetchall()[0]
    receipt = replace(
        receipt,
        rows_read=rows_read,
        accepted=accepted,
        quarantined=quarantined,
        skipped=skipped,
        sheets=tuple(sheets),
        notes=tuple(notes),
        corrects="" if corrects is None else "statistical" if corrects else "administrative",
    )
    if receipt.accepted + receipt.quarantined + receipt.skipped != receipt.rows_read:
        raise AssertionError(f"{delivery.source}/{delivery.name}: rows do not add up: {receipt}")
    if receipt.rows_read == receipt.skipped:
        raise refuse("no_rows")
    # A provider counts the rows of the table, with or without its total row.
    if sidecar.rows not in (None, receipt.rows_read, receipt.rows_read - receipt.skipped):
        raise refuse("rows_mismatch", said=sidecar.rows, found=receipt.rows_read)
    return receipt, book.no_final_line_end, apart


def _chosen(book: Book, sidecar: Sidecar) -> list[TextSheet]:
    if sidecar.sheet is None:
        return list(book.sheets)
    chosen = [sheet for sheet in book.sheets if sheet.name == sidecar.sheet]
    if not chosen:
        raise refuse(
            "sheet_missing", sheet=sidecar.sheet, sheets="、".join(sheet.name for sheet in book.sheets)
        )
    return chosen


class _SuspiciousError(Exception):
    """A cell of the batch is worth a look that the statement under way does not take."""


def _type_sheet(con: duckdb.DuckDBPyConnection, sheet: TextSheet, job: Job) -> None:
    """Insert the sheet's rows; nearly every sheet does with the statement that is half as long."""
    try:
        _insert(con, sheet, replace(job, suspicious=False))
    except _SuspiciousError:
        _insert(con, sheet, job)


def _insert(con: duckdb.DuckDBPyConnection, sheet: TextSheet, job: Job) -> None:
    stopped: list[Exception] = []
    out = schema(job.layout.width)
    normal = [c for c in job.source.columns.values() if job.raw(c) and is_nfkc(c)]
    for name in job.constants:
        out = out.append(pa.field(f"k:{name}", pa.string()))
    for column in normal:
        out = out.append(pa.field(f"n:{column.name}", pa.string()))
    coded = [c for c in normal if c.type == "uscc"]
    for column in coded:
        out = out.append(pa.field(f"s:{column.name}", pa.bool_()))
    delivered = [raw for c in job.source.columns.values() if (raw := job.raw(c)) and not raw.startswith('"')]

    def batches() -> Iterator[pa.RecordBatch]:
        # What is raised here cannot pass through the engine as what it is: it is kept and raised again outside.
        try:
            for batch in sheet.batches(job.layout.data, job.layout.width):
                cells = {name: trimmed(batch.column(name)) for name in batch.schema.names}
                if not job.suspicious and any(is_suspicious(cells[raw]) for raw in delivered):
                    raise _SuspiciousError
                for name, value in job.constants.items():
                    cells[f"k:{name}"] = pa.repeat(value, len(batch))
                for column in normal:
                    cells[f"n:{column.name}"] = nfkc(cells[str(job.raw(column)).strip('"')])
                for column in coded:
                    cells[f"s:{column.name}"] = sound_codes(cells[f"n:{column.name}"])
                yield pa.RecordBatch.from_arrays(list(cells.values()), schema=out)
        except (RefusedError, _SuspiciousError) as error:
            stopped.append(error)
            raise

    con.register("incoming", pa.RecordBatchReader.from_batches(out, batches()))
    try:
        con.execute(insert_sql(job), {"sheet": sheet.name, **title_parameters(job.layout)})
    except duckdb.Error:
        if stopped:
            raise stopped[0] from None
        raise
    finally:
        con.unregister("incoming")


def _titles(sheet: TextSheet) -> set[str]:
    return {plain(cell) for row in sheet.head for cell in row}


def _write(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    delivery: Delivery,
    out_dir: Path,
    receipt: Receipt,
    apart: list[dict[str, object]],
    *,
    cut: bool,
) -> None:
    columns = ", ".join([*(identifier(name) for name in source.columns), "_sheet", "_row"])
    rows = f"SELECT {columns} FROM typed WHERE _kind IN ('data', 'ragged') AND NOT _bad"
    _copy(con, rows, out_dir / "rows.parquet")
    if receipt.corrects and receipt.refused is None:
        _copy(con, ANSWERS, out_dir / ANSWERED)
    path = out_dir / "issues.parquet"
    # Most files break no rule, and planning the query costs more than typing a small one's rows.
    broken = con.execute("SELECT 1 FROM typed WHERE _rules IS NOT NULL LIMIT 1").fetchall()
    spotless = not (cut or apart or broken)
    if spotless and _no_issues:
        path.write_bytes(_no_issues[0])
        return
    con.register("mismatch", pa.Table.from_pylist(apart, LINES))
    con.register("rulebook", pa.Table.from_pylist(rulebook(source, delivery.delivered_on)))
    _copy(con, issues_sql(cut=cut), path)
    if spotless:
        _no_issues.append(path.read_bytes())
    elif receipt.quarantined and receipt.refused is None:
        _copy(con, returned_sql(source), out_dir / RETURNED)


def _copy(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    con.execute(f"COPY ({query}) TO {_quoted(path)} (FORMAT parquet)")


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
