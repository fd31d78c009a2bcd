"""How a published number came to be, from the release alone: definition, counts, enterprises and their evidence.

Belongs here: reading a release for one figure. Does not: task indicators' records, which are worked out again from
the raw store (orchestration.remake), layout (orchestration).

What may be shown of whom (interface 2): enterprise by enterprise only what warehouse.duckdb holds, which is
administrative use. Statistical use appears as counts, unless confidential.duckdb is readable and was asked for.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from publication.databases import literal
from publication.errors import ExplainError
from publication.words import OBLIGATIONS

PROVINCE = "340000"
# Whose enterprises stand behind an indicator of the headline: its own obligation, or all three (H4 asks for them
# together).
_OF_ENTERPRISES = re.compile(r"H[1-3][NGU]?|H4")
_OBLIGATION_OF = dict(zip(("H1", "H2", "H3"), OBLIGATIONS, strict=True))

_VALUES = """
SELECT
  measure, reading, category, value, numerator, denominator, target_operator, target_value, attainment, status,
  vintage, obs_status, note
FROM indicator_value
WHERE indicator_id = $indicator AND area_code = $area AND period = $period
  AND ($reading IS NULL OR reading = $reading)
ORDER BY category <> '', category, measure, reading
"""
_COVERAGE = """
SELECT
  obligation, purpose, tier_basis, threshold_yuan, n_asked, n_met, n_not_met, n_unknown, n_tier_unknown, rate,
  rate_upper, definition_id
FROM coverage
WHERE reference_year = $year AND member_code = $area AND dimension IN ('province', 'city')
  AND list_contains($obligations, obligation)
ORDER BY threshold_yuan, purpose DESC, tier_basis
"""
_SOURCES = """
SELECT obligation, purpose, source, n_enterprises, n_pieces
FROM evidence_source_count
WHERE reference_year = $year AND tier_basis = $basis AND area_code = $area
  AND list_contains($obligations, obligation)
ORDER BY obligation, purpose DESC, n_enterprises DESC, source
"""
# The frame of a year is the last one up to it (interface 4), and every enterprise asked is in it.
_ENTERPRISES = """
WITH place AS (
  SELECT uscc, name, city_code
  FROM enterprise
  WHERE valid_from <= make_date($year, 12, 31)
  QUALIFY row_number() OVER (PARTITION BY uscc ORDER BY valid_from DESC) = 1
),
pieces AS (
  SELECT
    obligation, uscc,
    list({source: source, id: evidence_id, file: file, sheet: sheet, row: row, counts_until: counts_until}
      ORDER BY source, evidence_id) AS evidence
  FROM evidence
  WHERE reference_year = $year
  GROUP BY obligation, uscc
)
SELECT
  statuses.obligation, statuses.uscc, place.name, place.city_code, statuses.revenue_yuan, statuses.status,
  statuses.reason_code, coalesce(pieces.evidence, []) AS evidence
FROM obligation_status AS statuses
INNER JOIN place USING (uscc)
LEFT JOIN pieces USING (obligation, uscc)
WHERE statuses.reference_year = $year AND statuses.tier_basis = $basis
  AND list_contains($obligations, statuses.obligation)
  AND ($area = $province OR place.city_code = $area)
ORDER BY statuses.obligation, statuses.status, statuses.uscc
"""
_CONFIDENTIAL = """
WITH place AS (
  SELECT uscc, city_code
  FROM warehouse.enterprise
  WHERE valid_from <= make_date($year, 12, 31)
  QUALIFY row_number() OVER (PARTITION BY uscc ORDER BY valid_from DESC) = 1
)
SELECT obligation, uscc, revenue_yuan, status, reason_code, evidence_source, evidence_id, evidence_count
FROM obligation_status
LEFT JOIN place USING (uscc)
WHERE reference_year = $year AND tier_basis = $basis AND list_contains($obligations, obligation)
  AND ($area = $province OR place.city_code = $area)
ORDER BY obligation, status, uscc
"""
# What may have been meant: the id in another spelling, the beginning of one, one that differs by a letter, a name.
_NEAR = """
WITH known AS (SELECT indicator_id, replace(indicator_id, '-', '') AS code, name_zh, name_en FROM indicator)
SELECT indicator_id FROM known
WHERE
  ($code <> '' AND (starts_with(code, $code) OR levenshtein(code, $code) <= 1))
  OR ($typed <> '' AND (contains(upper(name_zh), $typed) OR contains(upper(name_en), $typed)))
ORDER BY
  code = $code DESC, starts_with(code, $code) DESC, levenshtein(code, $code), length(indicator_id), indicator_id
LIMIT 5
"""


@dataclass(frozen=True)
class Asked:
    """Which figure is to be explained; a blank reading means all of them."""

    indicator: str
    area: str = PROVINCE
    period: str | None = None
    reading: str | None = None


@dataclass
class Explanation:
    """All that a release says of one figure."""

    release: str
    indicator: dict[str, Any]
    area: dict[str, str]
    period: str
    values: list[dict[str, Any]]
    obligations: list[str] = field(default_factory=list)
    tier_basis: str | None = None
    coverage: list[dict[str, Any]] = field(default_factory=list)
    evidence_by_source: list[dict[str, Any]] = field(default_factory=list)
    enterprises: list[dict[str, Any]] = field(default_factory=list)
    confidential: list[dict[str, Any]] | None = None


def explain(release: Path, asked: Asked, confidential: bool = False) -> Explanation:
    """What the release holds of the figure; refuses one that it doesn't have, and says which it has."""
    with duckdb.connect(str(release / "warehouse.duckdb"), read_only=True) as con:
        if not _texts(
            con, "SELECT table_name FROM duckdb_tables() WHERE table_name = 'evidence_source_count'"
        ):
            raise ExplainError(
                "release_without_evidence",
                f"发布 {release.name} 早于本功能，没有证据表；请先执行 innostat run 生成新发布。",
                f"release {release.name} was made before evidence was published; make a new one with innostat run.",
            )
        indicator = _indicator(con, asked)
        period = asked.period or _last_period(con, asked)
        found = Explanation(
            release=release.name,
            indicator=indicator,
            area=_area(con, asked.area),
            period=period,
            values=_rows(
                con,
                _VALUES,
                indicator=asked.indicator,
                area=asked.area,
                period=period,
                reading=asked.reading,
            ),
        )
        if not found.values:
            raise _no_value(con, asked, period)
        if _OF_ENTERPRISES.fullmatch(asked.indicator):
            _add_enterprises(con, found, asked)
    if confidential and found.obligations:
        found.confidential = _confidential(release, found)
    return found


def _add_enterprises(con: duckdb.DuckDBPyConnection, found: Explanation, asked: Asked) -> None:
    one = _OBLIGATION_OF.get(asked.indicator[:2])
    found.obligations = [one] if one else list(OBLIGATIONS)
    finished = all(value["vintage"] != "N" for value in found.values)
    # The headline basis: the year's own revenue once it has finished, last year's while it runs.
    found.tier_basis = asked.reading[:2] if asked.reading else "CY" if finished else "PY"
    keys = {"year": int(found.period), "area": asked.area, "obligations": found.obligations}
    found.coverage = _rows(con, _COVERAGE, **keys)
    found.evidence_by_source = _rows(con, _SOURCES, **keys, basis=found.tier_basis)
    found.enterprises = _rows(con, _ENTERPRISES, **keys, basis=found.tier_basis, province=PROVINCE)
    if not one:  # H4 is of those that are asked for all three
        asked_most = {row["uscc"] for row in found.enterprises if row["obligation"] == "outcome"}
        found.enterprises = [row for row in found.enterprises if row["uscc"] in asked_most]


def _confidential(release: Path, found: Explanation) -> list[dict[str, Any]]:
    path = release / "confidential.duckdb"
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            con.execute(f"ATTACH {literal(str(release / 'warehouse.duckdb'))} AS warehouse (READ_ONLY)")
            return _rows(
                con,
                _CONFIDENTIAL,
                year=int(found.period),
                basis=found.tier_basis,
                obligations=found.obligations,
                area=found.area["code"],
                province=PROVINCE,
            )
    except (duckdb.IOException, OSError) as error:
        raise ExplainError(
            "confidential_unreadable",
            f"无权读取 {path}：统计调查资料只对获授权的人开放；去掉 --confidential 可看行政用途的部分。",
            f"{path} can't be read: survey data are for authorised people only; "
            "without --confidential you see the administrative part.",
        ) from error


def _indicator(con: duckdb.DuckDBPyConnection, asked: Asked) -> dict[str, Any]:
    found = _rows(con, "SELECT * FROM indicator WHERE indicator_id = $indicator", indicator=asked.indicator)
    if not found:
        typed = unicodedata.normalize("NFKC", asked.indicator).strip().upper()
        close = _texts(con, _NEAR, typed=typed, code=re.sub(r"[^A-Z0-9]", "", typed))
        near_zh, near_en = (
            (f"相近的有：{'、'.join(close)}。", f" Near it: {', '.join(close)}.") if close else ("", "")
        )
        raise ExplainError(
            "unknown_indicator",
            f'没有指标“{asked.indicator}”。{near_zh}全部：innostat query "SELECT indicator_id, name_zh FROM indicator"',
            f"no indicator '{asked.indicator}'.{near_en}"
            ' All of them: innostat query "SELECT indicator_id, name_en FROM indicator"',
        )
    return found[0]


def _area(con: duckdb.DuckDBPyConnection, code: str) -> dict[str, str]:
    found = _rows(
        con,
        "SELECT DISTINCT member_code AS code, member_name AS name FROM coverage"
        " WHERE dimension IN ('province', 'city') AND member_code = $code",
        code=code,
    )
    if not found:
        known = _texts(
            con,
            "SELECT DISTINCT member_code || ' ' || member_name FROM coverage"
            " WHERE dimension IN ('province', 'city') ORDER BY 1",
        )
        raise ExplainError(
            "unknown_area",
            f"没有地区“{code}”。可用：{'、'.join(known)}",
            f"no area '{code}'. Known: {', '.join(known)}",
        )
    return found[0]


def _last_period(con: duckdb.DuckDBPyConnection, asked: Asked) -> str:
    """The last year that has a value, else the last one."""
    found = _texts(
        con,
        "SELECT period FROM indicator_value WHERE indicator_id = $indicator AND area_code = $area"
        " ORDER BY length(period) = 4 AND value IS NOT NULL DESC, length(period) = 4 DESC, period DESC LIMIT 1",
        indicator=asked.indicator,
        area=asked.area,
    )
    return found[0] if found else ""


def _no_value(con: duckdb.DuckDBPyConnection, asked: Asked, period: str) -> ExplainError:
    """Says what there is of the indicator: areas, periods and readings."""
    have = {
        column: _texts(
            con,
            f"SELECT DISTINCT {column} FROM indicator_value WHERE indicator_id = $indicator ORDER BY 1 DESC LIMIT 18",
            indicator=asked.indicator,
        )
        for column in ("area_code", "period", "reading")
    }
    wanted = f"{asked.indicator} {asked.area} {period} {asked.reading or ''}".strip()
    listed_zh = "；".join(
        f"{name}：{'、'.join(have[column]) or '无'}"
        for column, name in (("area_code", "地区"), ("period", "期"), ("reading", "口径"))
    )
    listed_en = "; ".join(
        f"{name}: {', '.join(have[column]) or 'none'}"
        for column, name in (("area_code", "areas"), ("period", "periods"), ("reading", "readings"))
    )
    return ExplainError(
        "no_such_figure",
        f"现行发布没有 {wanted}。该指标有 {listed_zh}",
        f"the release has no {wanted}. Of this indicator it has {listed_en}",
    )


def _rows(con: duckdb.DuckDBPyConnection, sql: str, **parameters: Any) -> list[dict[str, Any]]:
    used = {name: value for name, value in parameters.items() if f"${name}" in sql}
    rows: list[dict[str, Any]] = con.sql(sql, params=used).to_arrow_table().to_pylist()
    return rows


def _texts(con: duckdb.DuckDBPyConnection, sql: str, **parameters: Any) -> list[str]:
    return [str(row[0]) for row in con.execute(sql, parameters).fetchall()]
