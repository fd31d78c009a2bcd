"""`make bench BENCH=--readers`: reading and typing files against what libraries do with the same bytes.

Here: speed as a share of DuckDB's own typed read, of iconv and of calamine; what a small file costs; memory by size.
Not here: whole runs (__main__.py), measuring a process (measure.py). A time is printed, never asserted.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import duckdb
import python_calamine
import xlsxwriter

from benchmarks.inputs import AS_OF, ROOT
from benchmarks.measure import measure
from ingestion.contract import load_contracts
from ingestion.header import Titles
from ingestion.macros import USCC_ALPHABET, USCC_WEIGHTS
from ingestion.readers.opening import open_book
from ingestion.reference import Reference
from ingestion.store import Delivery
from ingestion.typed import type_delivery

SOURCE = load_contracts()["enterprise_revenue"]
TITLES = Titles(SOURCE)
HEAD = ["统一社会信用代码", "企业名称", "报告期", "营业收入（元）", "研发费用（元）", "营业成本（元）"]
TYPES = ["VARCHAR", "VARCHAR", "INTEGER", *["DECIMAL(24,6)"] * 3]
ROWS, SHEET_ROWS, SMALL_ROWS, SMALL_FILES = 500_000, 100_000, 20, 100
LARGE = (100, 1_000, 10_000)  # megabytes of the files whose memory is measured
ROOM = 3  # bytes of disk for each of such a file: itself, its typed rows, what the engine puts aside


def line(number: int) -> list[str]:
    """A row with nothing wrong, of the length that rows have."""
    amount = number * 7919 % 10**9
    first = f"91340100MA{number % 10**7:07d}"
    rest = -sum(USCC_ALPHABET.index(c) * weight for c, weight in zip(first, USCC_WEIGHTS, strict=True)) % 31
    return [
        first + USCC_ALPHABET[rest],
        f"安徽第{number}科技股份有限公司",
        "2025",
        f"{amount * 13}.{number % 100:02d}",
        f"{amount}",
        f"{amount * 3}",
    ]


def write_files(folder: Path) -> dict[str, Path]:
    """The same rows as UTF-8, as GB18030 and as a workbook, and small files of each kind."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(",".join(row) + "\n" for row in (HEAD, *map(line, range(ROWS))))
    files = {name: folder / name for name in ("utf8.csv", "gb18030.csv", "book.xlsx")}
    files["utf8.csv"].write_text(text, encoding="utf-8")
    files["gb18030.csv"].write_text(text, encoding="gb18030")
    write_book(files["book.xlsx"], SHEET_ROWS)
    for number in range(SMALL_FILES):
        rows = [HEAD, *map(line, range(number * SMALL_ROWS, (number + 1) * SMALL_ROWS))]
        (folder / f"small{number}.csv").write_text(
            "".join(",".join(row) + "\n" for row in rows), encoding="utf-8"
        )
        write_book(folder / f"small{number}.xlsx", SMALL_ROWS, number * SMALL_ROWS)
    return files


def write_book(path: Path, rows: int, start: int = 0) -> None:
    """A workbook with numbers as numbers."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEAD)
        for i in range(rows):
            code, name, *numbers = line(start + i)
            sheet.write_row(i + 1, 0, [code, name, *map(float, numbers)])


def read(path: Path) -> int:
    """Bytes to columns of text; how many rows."""
    book = open_book(path, TITLES.count, path.with_name("sheets"))
    return sum(len(batch) for sheet in book.sheets for batch in sheet.batches(1, len(HEAD)))


def type_(path: Path, reference: Reference) -> int:
    """Bytes to typed rows on disk with every rule asked; how many rows."""
    sha256 = hashlib.sha256(path.name.encode()).hexdigest()
    delivery = Delivery(
        f"{SOURCE.name}-{sha256}", SOURCE.name, path.name, sha256, 1, None, AS_OF, "r000001", 1
    )
    receipt = type_delivery(delivery, SOURCE, path, reference, path.with_name("typed") / sha256)
    if receipt.refused or receipt.accepted != receipt.rows_read:
        raise SystemExit(f"{path}: {receipt}")
    return receipt.rows_read


def duckdb_typed(path: Path, out: Path) -> None:
    """What DuckDB makes of the file when it is told the types: rows on disk, no rule asked."""
    columns = dict(zip("abcdef", TYPES, strict=True))
    duckdb.read_csv(str(path), header=True, columns=columns).write_parquet(str(out))


def compare(what: str, ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 5) -> None:
    """Both in turn, and the median share: 1.00 is as fast as the other, 0.50 takes twice as long."""
    shares, times = [], []
    for turn in range(rounds):
        taken = {}
        for one in (ours, theirs) if turn % 2 else (theirs, ours):
            started = time.perf_counter()
            one()
            taken[one] = time.perf_counter() - started
        shares.append(taken[theirs] / taken[ours])
        times.append((taken[ours], taken[theirs]))
    mine, other = (median(pair[i] for pair in times) for i in (0, 1))
    print(f"{what:52}{mine:10.2f} s{other:10.2f} s{median(shares):10.2f}", flush=True)


def each(what: str, paths: list[Path], do: Callable[[Path], object]) -> None:
    """The cost of one small file, the first not counted: it makes what all of them share."""
    do(paths[0])
    started, used = time.perf_counter(), time.process_time()
    for path in paths[1:]:
        do(path)
    count = len(paths) - 1
    wall, cpu = (
        (now - then) / count * 1000
        for now, then in ((time.perf_counter(), started), (time.process_time(), used))
    )
    print(f"{what:52}{wall:10.1f} ms{cpu:9.1f} ms CPU here", flush=True)


def memory(folder: Path, megabytes: int) -> None:
    """The peak of a process that types a file of about this size."""
    path = folder / "large.csv"
    if shutil.disk_usage(folder).free < megabytes * 10**6 * ROOM:
        print(
            f"typing a CSV of {megabytes:,} MB: not measured, it takes {megabytes * ROOM / 1000:,.0f} GB of disk"
        )
        return
    head, _, body = (folder / "utf8.csv").read_bytes().partition(b"\n")
    with path.open("wb") as file:
        file.write(head + b"\n")
        for _ in range(max(1, megabytes * 10**6 // len(body))):
            file.write(body)
    program = "import sys; from pathlib import Path; from benchmarks.readers import main; main(['--type', sys.argv[1]])"
    done = measure([sys.executable, "-c", program, str(path)])
    if done.code:
        raise SystemExit(done.output)
    size = path.stat().st_size
    path.unlink()
    shutil.rmtree(folder / "typed")
    print(
        f"{f'typing a CSV of {size / 1e6:,.0f} MB':52}{done.seconds:10.1f} s{done.peak_mib:10.0f} MiB at most",
        flush=True,
    )


def main(argv: list[str] | None = None) -> int:
    """Measure and print."""
    reference = Reference(ROOT / "dbt_project" / "seeds")
    if argv:  # one file, in a process of its own
        print(type_(Path(argv[1]), reference))
        return 0
    folder = ROOT / "build" / "bench" / "readers"
    files = write_files(folder)
    utf8, gb18030, book = files.values()
    print(f"{'':52}{'innostat':>12}{'other':>12}{'share':>10}")
    compare(
        "CSV to text / DuckDB's typed read",
        lambda: read(utf8),
        lambda: duckdb_typed(utf8, folder / "out.parquet"),
    )
    compare(
        "CSV to typed rows, all rules / DuckDB's typed read",
        lambda: type_(utf8, reference),
        lambda: duckdb_typed(utf8, folder / "out.parquet"),
    )
    iconv = f'iconv -f gb18030 -t utf-8 "{gb18030}" > "{folder / "out.csv"}"'
    compare(
        "GB18030 to text / iconv",
        lambda: read(gb18030),
        lambda: subprocess.run(iconv, shell=True, check=True),
    )
    compare(
        "XLSX to text / calamine to Python",
        lambda: read(book),
        lambda: python_calamine.CalamineWorkbook.from_path(str(book)).get_sheet_by_index(0).to_python(),
    )
    for kind in ("csv", "xlsx"):
        small = [folder / f"small{number}.{kind}" for number in range(SMALL_FILES)]
        each(f"reading one of {SMALL_FILES} small files, {kind}", small, read)
        each(f"typing one of {SMALL_FILES} small files, {kind}", small, lambda path: type_(path, reference))
    for megabytes in LARGE:
        memory(folder, megabytes)
    return 0
