"""`make bench`: InnoStat against the hand-written script, in interleaved pairs on the same files.

Here: what is compared with what, and the table; a time is printed, never asserted.
Not here: measuring (measure.py), the script (baseline/), whether both come to the same figures (same.py).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.inputs import AS_OF, ROOT, sample_inbox
from benchmarks.measure import Measured, measure
from benchmarks.same import TABLES, differences

INNOSTAT = [str(Path(sys.executable).parent / "innostat")]
SCRIPT = [sys.executable, "-m", "benchmarks.baseline"]
BARE_IMPORT = [sys.executable, "-c", "import dagster, dbt.cli.main, duckdb, polars"]
FIXED_COST_AT = 10_000


@dataclass
class Pairs:
    """Two things measured in turn, now one first and now the other: a noisy neighbour hits both alike."""

    ours: list[Measured] = field(default_factory=list)
    theirs: list[Measured] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Median of the pairs' ratios."""
        return median(a.seconds / b.seconds for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def difference(self) -> float:
        """Median of the pairs' differences in seconds."""
        return median(a.seconds - b.seconds for a, b in zip(self.ours, self.theirs, strict=True))


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--sizes", default="10000,24000,100000", help="enterprises, with commas (default: %(default)s)"
    )
    parser.add_argument("--pairs", type=int, default=3, help="pairs of runs a size (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="10,000 enterprises, one pair")
    parser.add_argument("--readers", action="store_true", help="readers alone, against what libraries take")
    arguments = parser.parse_args(argv)
    if arguments.readers:
        from benchmarks import readers  # and with it the data libraries, which the pairs must not have loaded

        return readers.main()
    sizes = [FIXED_COST_AT] if arguments.quick else [int(size) for size in arguments.sizes.split(",")]
    pairs = 1 if arguments.quick else arguments.pairs
    work = ROOT / "build" / "bench"

    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {pairs} interleaved pair(s), medians")
    row("", "innostat s", "other s", "ratio", "difference s", "innostat MiB", "other MiB")
    code, home = 0, work / "home"
    for size in sizes:
        inbox = sample_inbox(work, size)
        measured = Pairs()
        for turn in range(pairs):
            new_home(home, inbox)
            for who in ("ours", "theirs") if turn % 2 == 0 else ("theirs", "ours"):
                if who == "ours":
                    measured.ours.append(
                        checked([*INNOSTAT, "run", "--home", str(home), "--as-of", str(AS_OF)])
                    )
                else:
                    out = str(work / "script")
                    measured.theirs.append(checked([*SCRIPT, str(inbox), out, "--as-of", str(AS_OF)]))
        report(f"files to release, {size:,}", measured)
        found = differences(home, work / "script")
        code = code or bool(found)
        if size == FIXED_COST_AT:
            print(f"  fixed cost: {measured.difference:.2f} s")
        print("  " + (f"the same rows in {len(TABLES)} tables" if not found else f"TABLES DIFFER: {found}"))

    quiet = Pairs()
    before = releases(home)
    for turn in range(max(pairs, 2)):
        for who in ("ours", "theirs") if turn % 2 == 0 else ("theirs", "ours"):
            if who == "ours":
                quiet.ours.append(checked([*INNOSTAT, "run", "--home", str(home), "--as-of", str(AS_OF)]))
            else:
                quiet.theirs.append(checked(BARE_IMPORT))
    report("nothing new, against the bare import", quiet)
    print("  " + ("it published nothing" if releases(home) == before else "IT PUBLISHED A RELEASE"))
    return int(code or releases(home) != before)


def new_home(home: Path, inbox: Path) -> None:
    """A data home that has never seen a file, with these in its inbox (as links: the same bytes)."""
    shutil.rmtree(home, ignore_errors=True)
    checked([*INNOSTAT, "init", "--home", str(home)])
    shutil.copytree(inbox, home / "inbox", dirs_exist_ok=True, copy_function=os.link)


def checked(command: Sequence[str]) -> Measured:
    """A run that failed measures nothing."""
    measured = measure(command)
    if measured.code != 0:
        raise SystemExit(f"{' '.join(command)} ended with {measured.code}:\n{measured.output}")
    return measured


def releases(home: Path) -> list[str]:
    """The releases of a home."""
    return sorted(entry.name for entry in (home / "releases").iterdir())


def report(what: str, pairs: Pairs) -> None:
    """One line of the table."""
    row(
        what,
        f"{median(m.seconds for m in pairs.ours):.2f}",
        f"{median(m.seconds for m in pairs.theirs):.2f}",
        f"{pairs.ratio:.2f}",
        f"{pairs.difference:.2f}",
        f"{max(m.peak_mib for m in pairs.ours):.0f}",
        f"{max(m.peak_mib for m in pairs.theirs):.0f}",
    )


def row(first: str, *cells: str) -> None:
    """Aligned, and written at once: a long bench shows what it has."""
    print(f"{first:38}" + "".join(f"{cell:>14}" for cell in cells), flush=True)


if __name__ == "__main__":
    sys.exit(main())
