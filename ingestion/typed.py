"""One delivery → typed rows, issues and a receipt. A pure function of the bytes, the sidecar, the contract
and its date.

Belongs here: opening, finding headers, running the generated SQL, counting, writing. Does not belong
here: which rows hold beside other deliveries (`settle`), when this is called.
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import duckdb

from ingestion.contract import Source
from ingestion.header import Titles, find_header, plain
from ingestion.incoming import Incoming, SuspiciousError
from ingestion.mark import ANSWERS, mark_column, own_columns, returned_sql
from ingestion.readers.opening import open_book
from ingestion.readers.sheet import Book, TextSheet
from ingestion.reference import Reference
from ingestion.remarks import no_header, renamed
from ingestion.repeated import skip_repeated_heads
from ingestion.rowsql import Job, issues_sql
from ingestion.rules import RefusedError, note, refuse
from ingestion.sidecar import Sidecar, parse_sidecar
from ingestion.store import Delivery
from ingestion.totals import mismatches
from ingestion.typed_receipt import Receipt, SheetReceipt, save_receipt
from ingestion.typist import TypedSheet, Typist
from ingestion.units import units_text

_CODE = (
    "arrow cell_text cells codes contract header hints incoming macros mark plain_numbers reference remarks repeated row_kind"
    " rowsql rules sidecar totals typed typed_receipt typist units readers/*"
)
_Row = tuple[str, int]  # a sheet's name, and where the row stands in it
_no_issues: list[bytes] = []  # the file of issues without any, once one was written
ROWS, RETURNED, ANSWERED = "rows.parquet", "returned.parquet", "answers.parquet"
_COUNTS = """
SELECT count(*) FILTER (_kind IN ('data', 'ragged') AND _out), count(*) FILTER (_kind IN ('skipped', 'total')) FROM remarked"""
_BROKEN = "SELECT DISTINCT rule FROM (SELECT unnest(_rules) AS rule FROM remarked) WHERE rule IS NOT NULL"
_CORRECTS = f"SELECT bool_or(starts_with(mark, 's')) FROM ({ANSWERS})"
_KINDS = "SELECT _sheet, _kind FROM remarked WHERE _kind IN ('total', 'head') GROUP BY ALL"


def type_delivery(
    delivery: Delivery,
    source: Source,
    blob_path: Path,
    reference: Reference,
    out_dir: Path,
    typist: Typist | None = None,
) -> Receipt:
    """Write the parquet files and, as the mark that they are whole, `receipt.json`.

    Who types several files of the source lends one typist for all of them.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / "receipt.json").unlink(missing_ok=True)
    scratch = out_dir / ".sheets"
    shutil.rmtree(scratch, ignore_errors=True)  # of a run that died
    with ExitStack() as own:
        if typist is None:
            typist = own.enter_context(Typist(source, reference, out_dir.parent))
        typist.clear()
        receipt = Receipt(
            delivery.delivery_id, source.name, delivery.name, fingerprint(delivery, source, reference)
        )
        cut, apart = None, list[dict[str, object]]()
        try:
            receipt, cut, apart = _load(typist, delivery, blob_path, receipt, scratch)
        except RefusedError as error:
            receipt = replace(receipt, refused=error.reason)
            typist.clear()
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        _write(typist, delivery, out_dir, receipt, apart, cut=cut)
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
    typist: Typist, delivery: Delivery, blob_path: Path, receipt: Receipt, scratch: Path
) -> tuple[Receipt, _Row | None, list[dict[str, object]]]:
    """Type all sheets; the receipt, the last row if it may have been cut, and totals that do not fit."""
    source = typist.source
    sidecar = parse_sidecar(delivery.sidecar, source)
    if sidecar.sha256 not in (None, delivery.sha256):
        raise refuse("sha256_mismatch")
    titles = Titles(source, sidecar.columns)
    book = open_book(blob_path, titles.count, scratch)
    sheets, said, notes = [], list[dict[str, str]](), list(book.notes)
    apart, marked = list[dict[str, object]](), False
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
        job = Job(
            source, layout, sidecar.constants, sidecar.mode == "delete", mark=mark_column(sheet.head, layout)
        )
        marked = marked or job.mark is not None
        said.append({"sheet": sheet.name, "units": units_text(layout.powers)})
        typed, last = _type_sheet(typist, sheet, job, delivery.delivered_on)
        kinds = typist.rows(_KINDS) if typed.remarks else []
        totals, heads = ((sheet.name, kind) in kinds for kind in ("total", "head"))
        if heads:
            skip_repeated_heads(typist.con, sheet, layout, titles, typed.sql)
        apart += mismatches(typist.con, source, layout, sheet.name, typed.sql) if totals else []
        sheets.append(SheetReceipt(sheet.name, sheet.hidden, True, layout.data, typed.rows, layout.units))
    if not any(sheet.read for sheet in sheets):
        raise no_header(source, book)
    absent = [title for title in sidecar.columns if not any(plain(title) in _titles(s) for s in book.sheets)]
    typist.tell("said", said)
    corrects = typist.rows(_CORRECTS)[0][0] if marked else None
    notes += [note("corrected")] if corrects is not None else []
    notes += [note("mapped_title_absent", title=title) for title in absent]
    rows_read = sum(sheet.rows_read for sheet in sheets)
    quarantined, skipped = typist.rows(_COUNTS)[0]
    receipt = replace(
        receipt,
        rows_read=rows_read,
        accepted=rows_read - quarantined - skipped,
        quarantined=quarantined,
        skipped=skipped,
        sheets=tuple(sheets),
        notes=tuple(notes),
        corrects="" if corrects is None else "statistical" if corrects else "administrative",
    )
    if receipt.rows_read == receipt.skipped:
        raise refuse("no_rows")
    # A provider counts the rows of the table, with or without its total row.
    if sidecar.rows not in (None, receipt.rows_read, receipt.rows_read - receipt.skipped):
        raise refuse("rows_mismatch", said=sidecar.rows, found=receipt.rows_read)
    return receipt, (sheet.name, last) if book.no_final_line_end else None, apart


def _chosen(book: Book, sidecar: Sidecar) -> list[TextSheet]:
    if sidecar.sheet is None:
        return list(book.sheets)
    chosen = [sheet for sheet in book.sheets if sheet.name == sidecar.sheet]
    if not chosen:
        raise refuse(
            "sheet_missing", sheet=sidecar.sheet, sheets="、".join(sheet.name for sheet in book.sheets)
        )
    return chosen


def _type_sheet(typist: Typist, sheet: TextSheet, job: Job, delivered_on: date) -> tuple[TypedSheet, int]:
    """Type the sheet's rows; nearly every sheet does with the statement that is half as long. And its last row."""
    try:
        return _typed(typist, Incoming(sheet, replace(job, suspicious=False), delivered_on))
    except SuspiciousError:
        return _typed(typist, Incoming(sheet, job, delivered_on))


def _typed(typist: Typist, incoming: Incoming) -> tuple[TypedSheet, int]:
    try:
        return typist.type_sheet(incoming), incoming.last_row
    except duckdb.Error:
        if incoming.stopped:
            raise incoming.stopped[0] from None
        raise


def _titles(sheet: TextSheet) -> set[str]:
    return {plain(cell) for row in sheet.head for cell in row}


def _write(
    typist: Typist,
    delivery: Delivery,
    out_dir: Path,
    receipt: Receipt,
    apart: list[dict[str, object]],
    *,
    cut: _Row | None,
) -> None:
    accepted = typist.write_rows(out_dir / ROWS, receipt.accepted)
    if accepted != receipt.accepted:
        raise AssertionError(
            f"{delivery.source}/{delivery.name}: rows do not add up: {accepted} of {receipt}"
        )
    if receipt.corrects and receipt.refused is None:
        typist.write(ANSWERS, out_dir / ANSWERED)
    path = out_dir / "issues.parquet"
    broken = {rule for (rule,) in typist.rows(_BROKEN)}
    spotless = not (cut or apart or broken)
    if spotless and _no_issues:
        path.write_bytes(_no_issues[0])
        return
    cut_sheet, cut_row = cut or (None, None)
    typist.tell(
        "delivered", [{"delivered_on": delivery.delivered_on, "cut_sheet": cut_sheet, "cut_row": cut_row}]
    )
    typist.tell("mismatch", apart)
    typist.write(issues_sql(broken), path)
    if spotless:
        _no_issues.append(path.read_bytes())
    elif receipt.quarantined and receipt.refused is None:
        typist.write(returned_sql(typist.source), out_dir / RETURNED)
