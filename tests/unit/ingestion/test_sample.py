"""The sample province: same bytes for the same seed, sizes as asked, valid codes, plausible shares."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from unicodedata import normalize

import numpy as np
import polars as pl
import pytest
import python_calamine

from ingestion.contract import Source, load_contracts
from ingestion.sample import TakenError, write_sample
from ingestion.sample.calibration import NEVER, YI
from ingestion.sample.codes import rounded_by_a_spreadsheet
from ingestion.sample.parcel import BUILDERS
from ingestion.sample.province import Province, make_province

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"
CONTRACTS = load_contracts()
YEARS = (2023, 2026)
DAY = date(2026, 11, 23)
Files = dict[str, bytes]


def write(folder: Path, seed: int = 1, as_of: date = DAY) -> Files:
    write_sample(folder, CONTRACTS, SEEDS, enterprises=200, years=YEARS, seed=seed, as_of=as_of)
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return write(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def province() -> Province:
    return make_province(24_000, YEARS, 1, SEEDS)


def digest(files: Files) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def test_the_same_seed_gives_the_same_bytes(files: Files, tmp_path: Path) -> None:
    assert digest(write(tmp_path)) == digest(files)


def test_another_seed_gives_another_province(files: Files, tmp_path: Path) -> None:
    other = write(tmp_path, seed=2)
    data = {name for name in files if not name.endswith(".toml")}
    assert all(other.get(name) != files[name] for name in data)


def test_the_sample_again_changes_nothing_and_never_writes_over_a_file_of_anybodys(
    files: Files, tmp_path: Path
) -> None:
    theirs = tmp_path / sorted(name for name in files if not name.endswith(".toml"))[-1]
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"mine")
    with pytest.raises(TakenError) as refused:
        write(tmp_path)
    assert str(theirs) in refused.value.zh and str(theirs) in refused.value.en
    assert [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()] == [b"mine"]

    theirs.write_bytes(files[str(theirs.relative_to(tmp_path))])  # the very file of the sample
    assert write(tmp_path) == files
    assert write(tmp_path) == files
    sidecar = theirs.with_name(f"{theirs.name}.meta.toml")
    sidecar.write_text('unit = "元"\n', encoding="utf-8")
    with pytest.raises(TakenError, match=r"meta\.toml"):
        write(tmp_path)


def test_a_sample_cut_short_anywhere_is_completed(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make run` begins again where it was killed: half a file must not pass for somebody's."""
    real = Path.write_bytes

    def cut(path: Path, content: bytes) -> int:
        real(path, content[: len(content) // 2])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "write_bytes", cut)
        write(tmp_path)
    assert write(tmp_path) == files


def test_an_earlier_day_gives_fewer_files_with_the_same_bytes(files: Files, tmp_path: Path) -> None:
    earlier = write(tmp_path, as_of=date(2025, 6, 30))
    assert 0 < len(earlier) < len(files)
    assert earlier.items() <= files.items()


def test_every_file_has_a_sidecar_and_none_is_delivered_after_the_day(files: Files) -> None:
    data = [name for name in files if not name.endswith(".meta.toml")]
    assert len(files) == 2 * len(data)
    said = {name: tomllib.loads(files[name + ".meta.toml"].decode()) for name in data}
    assert max(s["delivered_on"] for s in said.values()) <= DAY
    assert {s["delivered_on"].year for s in said.values()} == {2023, 2024, 2025, 2026}
    wrong = [n for n in data if said[n].get("sha256") not in (None, hashlib.sha256(files[n]).hexdigest())]
    assert wrong == []


def test_every_source_of_the_sample_is_delivered(files: Files) -> None:
    assert CONTRACTS.keys() == BUILDERS.keys()
    assert {name.split("/")[0] for name in files} == CONTRACTS.keys()


def plain(title: str) -> str:
    return re.sub(r"\s|\([^()]*\)", "", normalize("NFKC", title))


def tables(name: str, content: bytes) -> Iterator[list[list[str]]]:
    if name.endswith(".xlsx"):
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for sheet in book.sheet_names:
            if sheet != "填报说明":
                yield [[str(cell) for cell in row] for row in book.get_sheet_by_name(sheet).to_python()]
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    yield list(csv.reader(io.StringIO(text), delimiter="\t" if name.endswith(".tsv") else ","))


def test_every_title_is_one_of_the_contract(files: Files) -> None:
    for name, content in files.items():
        if name.endswith(".toml"):
            continue
        source = CONTRACTS[name.split("/")[0]]
        known = {plain(title) for column in source.columns.values() for title in column.headers}
        for table in tables(name, content):
            at, head = max(enumerate(table[:8]), key=lambda row: len(known & {plain(c) for c in row[1]}))
            # Under merged titles: the cell above stands for a column whose own cell is blank.
            over = table[at - 1] if at else head
            below = table[at + 1] if at + 1 < len(table) else head
            columns = [
                {plain(a), plain(b), plain(c)} & known for a, b, c in zip(over, head, below, strict=False)
            ]
            assert all(columns), (name, head)


# GB 32100 and GB 11714 once more, character by character.
def holds(code: str) -> bool:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17]))
    return alphabet[(31 - total) % 31] == code[17]


def holds_inside(code: str) -> bool:
    def value(c: str) -> int:
        return int(c) if c.isdigit() else ord(c) - 55

    total = sum(value(c) * w for c, w in zip(code[8:16], (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    return "0123456789X"[(11 - total % 11) % 11] == code[16]


@pytest.mark.parametrize(
    "code", ["91350100M000100Y43", "91110000600037341L", "91110108551385082Q", "911101066976941872"]
)
def test_the_arithmetic_of_this_test_accepts_real_codes(code: str) -> None:
    assert holds(code)
    assert holds_inside(code)


def test_codes_are_unique_and_valid_but_for_one_in_a_thousand(province: Province) -> None:
    codes = province.enterprises["uscc"].to_list()
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 18 and holds_inside(code) for code in codes)
    wrong = [code for code in codes if not holds(code)]
    assert 5 <= len(wrong) <= 60
    assert not any(code.isdigit() for code in wrong)  # those would be quarantined as rounded by a spreadsheet


def test_a_code_rounded_by_a_spreadsheet_never_passes_for_a_valid_one() -> None:
    codes = pl.Series([f"91340100{number:09d}X" for number in range(98_000_000, 98_002_000)], dtype=pl.String)
    rounded = rounded_by_a_spreadsheet(codes).to_list()
    assert all(code.isdigit() and len(code) == 18 and not holds(code) for code in rounded)
    assert rounded_by_a_spreadsheet(pl.Series(["", None], dtype=pl.String)).to_list() == ["", None]


@pytest.mark.parametrize("size", [1, 60, 2_000])
@pytest.mark.parametrize("years", [(2023, 2026), (2025, 2025)])
def test_the_register_of_the_last_full_year_has_as_many_as_asked(size: int, years: tuple[int, int]) -> None:
    made = make_province(size, years, 3, SEEDS)
    frame = made.frame(max(years[0], years[1] - 1))
    assert frame.filter(~pl.col("spare")).height == size


def test_sizes_follow_the_pareto_law(province: Province) -> None:
    revenue = province.frame(2024).filter(~pl.col("spare"))["revenue_2024"]
    tiers = [int((revenue >= limit * YI).sum()) for limit in (1, 5, 10)]
    assert np.allclose(tiers, [4_100, 700, 330], rtol=0.08)
    assert (revenue >= 0.04 * YI).all()


def test_names_are_unique_but_for_a_handful(province: Province) -> None:
    names = province.enterprises["first_name"]
    assert 1 <= len(names) - names.n_unique() <= 20
    assert (province.enterprises["renamed"] < NEVER).mean() == pytest.approx(0.08, abs=0.02)


def test_all_sixteen_cities_have_large_enterprises(province: Province) -> None:
    large = province.enterprises.filter(pl.col("revenue") >= 5 * YI)
    assert large["city_code"].n_unique() == 16
    assert set(province.enterprises["area_code"]) <= set(province.counties["code"])


Share = Callable[[pl.DataFrame, int], float]
SHARES: dict[str, tuple[int, Share, float]] = {
    "activity": (1, lambda rows, year: float((rows[f"rd_{year}"] > 0).mean() or 0), 0.75),
    "institution": (5, lambda rows, year: float((rows["institution_at"] < year + 1).mean() or 0), 0.55),
    "outcome": (10, lambda rows, year: float((rows["outcome_at"] < year + 1).mean() or 0), 0.70),
}


@pytest.mark.parametrize("what", SHARES)
def test_innovation_rises_to_the_share_intended_for_2025(province: Province, what: str) -> None:
    limit, share, wanted = SHARES[what]
    by_year = [share(province.frame(y).filter(pl.col(f"revenue_{y}") >= limit * YI), y) for y in (2024, 2025)]
    assert by_year[1] == pytest.approx(wanted, abs=0.05)
    assert by_year[0] < by_year[1]


def test_years_out_of_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="years"):
        write_sample(tmp_path, CONTRACTS, SEEDS, enterprises=5, years=(2026, 2023))


def test_a_source_without_contract_is_passed_over(tmp_path: Path) -> None:
    one: dict[str, Source] = {"standard": CONTRACTS["standard"]}
    told: list[str] = []
    paths = write_sample(tmp_path, one, SEEDS, enterprises=60, as_of=DAY, progress=told.append)
    assert [p.parent.name for p in paths] == ["standard"] * len(paths)
    assert told == [f"standard/{p.name}" for p in paths]
