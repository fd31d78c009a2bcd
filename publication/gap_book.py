"""restricted/gap_list.xlsx: who lacks what (一企一策), from administrative sources only, a sheet a year.

Belongs here: the list as authorised officers use it. Does not: who is on it (dbt_project),
anything from surveys.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pyarrow as pa

from publication.data_sheet import data_sheet
from publication.workbook import Column, Head, new_book

_STATES = {"missing": "缺 missing", "unknown": "待核实 unknown"}
# Red where something is missing; 待核实 is no fault of the enterprise.
_STYLES = {
    name: f"if({name} = 'missing', 'bad', NULL)"
    for name in ("missing_activity", "missing_institution", "missing_outcome")
}

_COLUMNS = (
    Column("序号", "No.", 8, "count"),
    Column("市", "City", 14),
    Column("企业名称", "Enterprise", 44),
    Column("统一社会信用代码", "Credit code", 23),
    Column("营业收入档", "Revenue band", 18),
    Column("创新活动", "Activity", 18, "none", _STATES),
    Column("创新机构", "Institution", 18, "none", _STATES),
    Column("创新成果", "Outcome", 18, "none", _STATES),
    Column("即将到期的证据", "Expiring evidence", 40),
    Column("始于", "Listed since", 13, "code"),
)


def write(con: duckdb.DuckDBPyConnection, path: Path, as_of: dt.date, producer: str) -> None:
    """Writes the workbook from `gap_list` of the attached build, the latest year first."""
    years = con.sql("SELECT DISTINCT reference_year FROM build.main.gap_list ORDER BY 1 DESC").fetchall()
    with new_book(path, as_of, "创新缺口企业清单 Gap list") as book:
        for (year,) in years or [(as_of.year,)]:
            head = Head(
                "创新统 内 1 表",
                f"{year} 年创新缺口企业清单（内部资料，只用行政登记资料，不得公开）",
                f"Gap list {year}: asked and not covered (restricted, from administrative sources only)",
                "家 enterprises",
                producer,
                as_of.isoformat(),
            )
            data_sheet(book, f"{year} 年", head, _COLUMNS, _listed(con, year), _STYLES)


def _listed(con: duckdb.DuckDBPyConnection, year: int) -> pa.Table:
    return con.sql(
        """
        SELECT
            row_number() OVER (ORDER BY gaps.city_code, gaps.uscc) AS number,
            coalesce(cities.member_name, gaps.city_code) AS city,
            gaps.name,
            gaps.uscc,
            gaps.revenue_band,
            gaps.missing_activity,
            gaps.missing_institution,
            gaps.missing_outcome,
            gaps.expiring_evidence,
            gaps.since_year
        FROM build.main.gap_list AS gaps
        LEFT JOIN (
            SELECT DISTINCT member_code, member_name FROM build.main.coverage WHERE dimension = 'city'
        ) AS cities ON gaps.city_code = cities.member_code
        WHERE gaps.reference_year = $year
        ORDER BY number
        """,
        params={"year": year},
    ).to_arrow_table()
