"""Names without codes: when two names are the same, what people decided, and whom a waiting name may mean.

Belongs here: the normal form of a name, the register's names, `decisions/links.csv`, ranked suggestions. Does
not belong here: which rows hold (`settle`). A suggestion never links by itself: only an equal name or a
person does.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.decisions import DecisionError, meant
from ingestion.inbox import decode
from ingestion.macros import INVISIBLE

if TYPE_CHECKING:
    import duckdb

DECISION_COLUMNS = ("source", "name", "uscc", "decided_by", "decided_on")
SUGGESTIONS = 5
SCORE_FLOOR = 60
# One enterprise can stand in the register under several names; its best one counts.
NAMES_RANKED = 4 * SUGGESTIONS
# 100 million comparisons take a second on two cores; names beyond these wait without suggestions.
COMPARISONS = 200_000_000
CELLS_AT_ONCE = 8_000_000

# White space (RE2 knows the Unicode kinds by \p{Z} only), every opening and closing bracket, the middle dots; what nobody sees.
_IGNORED = rf"[\s\x{{0B}}\x{{1C}}-\x{{1F}}\x{{85}}\p{{Z}}\p{{Ps}}\p{{Pe}}·•・]|{INVISIBLE}"
_LEGAL_FORM = re.compile("股份|有限|责任|公司|集团")
_USCC = re.compile(r"[0-9A-HJ-NP-RTUW-Y]{18}")


@dataclass(frozen=True)
class Decision:
    """A person's choice: in this source, this name is this enterprise."""

    source: str
    name: str
    uscc: str
    decided_by: str
    decided_on: date


def text_form(values: pa.Array) -> pa.Array:
    """Text as it is compared: NFKC, without white space around it or what nobody sees in it."""
    seen = pc.replace_substring_regex(pc.utf8_normalize(values, "NFKC"), pattern=INVISIBLE, replacement="")
    return pc.utf8_trim_whitespace(seen)


def name_form(values: pa.Array) -> pa.Array:
    """A name as it is compared: NFKC, without white space, brackets and middle dots (interface 3, links)."""
    return pc.replace_substring_regex(pc.utf8_normalize(values, "NFKC"), pattern=_IGNORED, replacement="")


@contextmanager
def sql_functions(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """`text_form` and `name_form` as SQL functions: DuckDB itself has no NFKC."""
    con.create_function("text_form", text_form, ["VARCHAR"], "VARCHAR", type="arrow")  # type: ignore[call-overload]  # the stub lacks names
    con.create_function("name_form", name_form, ["VARCHAR"], "VARCHAR", type="arrow")  # type: ignore[call-overload]  # the stub lacks names
    try:
        yield
    finally:
        con.remove_function("text_form")
        con.remove_function("name_form")


def read_decisions(path: Path, sources: Iterable[str], as_of: date) -> list[Decision]:
    """The decisions made by this date. No file means none; a wrong line is refused, never passed over."""
    if not path.exists():
        return []
    known = set(sources)
    wrong: list[tuple[int, str, str]] = []
    decisions: list[tuple[int, Decision]] = []
    rows = list(csv.reader(decode(path.read_bytes()).splitlines()))
    header = [cell.strip() for cell in rows[0]] if rows else []
    missing = [column for column in DECISION_COLUMNS if column not in header]
    if missing:
        raise DecisionError(
            f"{path} 的第一行缺少列：{'、'.join(missing)}（应有 {','.join(DECISION_COLUMNS)}）",
            f"{path}: the first line lacks {', '.join(missing)} (it should be {','.join(DECISION_COLUMNS)})",
        )
    for number, cells in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        row = dict(zip(header, (meant(cell.strip()) for cell in cells), strict=False))
        result = _decision(row, known)
        if isinstance(result, Decision):
            decisions.append((number, result))
        else:
            wrong.append((number, *result))
    wrong.extend(_contradictions(decisions))
    if wrong:
        raise DecisionError(
            f"{path} 有错误，未采用：" + "；".join(f"第 {line} 行 {zh}" for line, zh, _ in sorted(wrong)),
            f"{path} is not usable: " + "; ".join(f"line {line}: {en}" for line, _, en in sorted(wrong)),
        )
    return [decision for _, decision in decisions if decision.decided_on <= as_of]


def _decision(row: dict[str, str], sources: set[str]) -> Decision | tuple[str, str]:
    uscc = re.sub(r"[\s-]", "", row.get("uscc", "")).upper()
    decided_on = _date(row.get("decided_on", ""))
    if row.get("source") not in sources:
        return (
            f"来源“{row.get('source', '')}”没有按名称关联",
            f"'{row.get('source', '')}' is no source with names to link",
        )
    if not row.get("name"):
        return "名称为空", "the name is blank"
    if not _USCC.fullmatch(uscc):
        return f"统一社会信用代码“{row.get('uscc', '')}”无效", f"'{row.get('uscc', '')}' is no credit code"
    if not row.get("decided_by"):
        return "没有写明由谁决定（decided_by）", "decided_by is blank: say who decided"
    if decided_on is None:
        shown = row.get("decided_on", "")
        return (
            f"决定日期（decided_on）“{shown}”为空或不是 2026-03-01 这样的日期",
            f"decided_on '{shown}' is blank or no date like 2026-03-01",
        )
    return Decision(row["source"], row["name"], uscc, row["decided_by"], decided_on)


def _date(text: str) -> date | None:
    parts = re.fullmatch(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", text, re.ASCII)
    try:
        return date(*map(int, parts.groups())) if parts else None
    except ValueError:
        return None


def _contradictions(decisions: list[tuple[int, Decision]]) -> list[tuple[int, str, str]]:
    forms = name_form(pa.array([decision.name for _, decision in decisions], pa.string())).to_pylist()
    first: dict[tuple[str, str, date], tuple[int, str]] = {}
    wrong = []
    for (number, decision), form in zip(decisions, forms, strict=True):
        line, uscc = first.setdefault((decision.source, form, decision.decided_on), (number, decision.uscc))
        if uscc != decision.uscc:
            zh = f"与第 {line} 行同一天对同一名称作了不同决定"
            en = f"decides the same name otherwise than line {line} of the same day"
            wrong.append((number, zh, en))
    return wrong


def prepare(con: duckdb.DuckDBPyConnection, decisions: list[Decision]) -> None:
    """Make settling.register_name (one row per name and code of any frame year) and settling.link_decision."""
    rows = [
        {"source": d.source, "name": d.name, "uscc": d.uscc, "decided_on": d.decided_on} for d in decisions
    ]
    fields = [
        ("source", pa.string()),
        ("name", pa.string()),
        ("uscc", pa.string()),
        ("decided_on", pa.date32()),
    ]
    con.register("given", pa.Table.from_pylist(rows, pa.schema(fields)))
    con.execute("""
        CREATE OR REPLACE TABLE settling.link_decision AS
        SELECT source, name_form("name") AS name_form, max_by(uscc, decided_on) AS uscc
        FROM given
        GROUP BY ALL
    """)
    con.unregister("given")
    con.execute("""
        CREATE OR REPLACE TABLE settling.register_name AS
        WITH
        named AS (
            SELECT "name", uscc, frame_year FROM raw.enterprise_register
            UNION ALL
            SELECT unnest(former_names), uscc, frame_year FROM raw.enterprise_register
        ),
        formed AS (SELECT name_form("name") AS name_form, * FROM named)
        SELECT name_form, uscc, max_by("name", (frame_year, "name")) AS "name" FROM formed
        WHERE name_form <> ''
        GROUP BY ALL
    """)


# Makes temp.link for one source: each name that stands without a code, and the one code that it means, if so.
LINK = """
    CREATE OR REPLACE TEMP TABLE link AS
    WITH
    waiting AS (SELECT DISTINCT "name" FROM ({waiting})),
    formed AS (SELECT "name", name_form("name") AS name_form FROM waiting),
    exact AS (
        SELECT name_form, count(*) AS candidates, any_value(uscc) AS uscc
        FROM settling.register_name
        GROUP BY name_form
    )
    SELECT
        formed."name",
        formed.name_form,
        coalesce(decision.uscc, CASE WHEN exact.candidates = 1 THEN exact.uscc END) AS uscc,
        coalesce(exact.candidates, 0) AS candidates
    FROM formed
    LEFT JOIN exact USING (name_form)
    LEFT JOIN settling.link_decision AS decision
        ON decision.source = $source AND decision.name_form = formed.name_form"""


def suggest(con: duckdb.DuckDBPyConnection) -> None:
    """Make settling.suggestion: for each name of settling.unlinked the enterprises that it resembles most, ranked."""
    waiting = (
        con.sql('SELECT DISTINCT name_form("name") FROM settling.unlinked ORDER BY 1')
        .to_arrow_table()
        .column(0)
    )
    register = (
        con.sql("SELECT DISTINCT name_form FROM settling.register_name ORDER BY 1").to_arrow_table().column(0)
    )
    con.register("resemblance", _resemblances(waiting.to_pylist(), register.to_pylist()))
    con.execute(
        """
        CREATE OR REPLACE TABLE settling.suggestion AS
        WITH
        candidate AS (
            SELECT waiting, uscc, max(score) AS score, max_by(name, (score, name)) AS name
            FROM resemblance JOIN settling.register_name USING (name_form)
            GROUP BY waiting, uscc
        ),
        ranked AS (
            SELECT *, row_number() OVER (PARTITION BY waiting ORDER BY score DESC, uscc) AS rank
            FROM candidate
        )
        SELECT
            waiting AS name_form,
            list({'uscc': uscc, 'name': name, 'score': score} ORDER BY rank) AS suggestions
        FROM ranked WHERE rank <= $limit GROUP BY waiting
        """,
        {"limit": SUGGESTIONS},
    )
    con.unregister("resemblance")


def _resemblances(waiting: list[str], register: list[str]) -> pa.Table:
    """The register's names most like each waiting one, with their score from 0 to 100."""
    found = _ranked(waiting, register) if waiting and register else []
    names, likes, scored = zip(*found, strict=True) if found else ((), (), ())
    return pa.table(
        {
            "waiting": pa.array(names, pa.string()),
            "name_form": pa.array(likes, pa.string()),
            "score": pa.array(scored, pa.float64()),
        }
    )


def _ranked(waiting: list[str], register: list[str]) -> list[tuple[str, str, float]]:
    import numpy as np
    from rapidfuzz import fuzz, process

    found: list[tuple[str, str, float]] = []
    cores = [_core(name) for name in register]
    waiting = waiting[: COMPARISONS // len(register)]
    step = max(1, CELLS_AT_ONCE // len(register))
    for start in range(0, len(waiting), step):
        some = waiting[start : start + step]
        scores = process.cdist(
            [_core(name) for name in some],
            cores,
            scorer=fuzz.ratio,
            score_cutoff=SCORE_FLOOR,
            dtype=np.float32,
            workers=-1,
        )
        for name, row in zip(some, scores, strict=True):
            hits = np.flatnonzero(row)
            if len(hits) > NAMES_RANKED:
                # Sorting all of them would cost more than comparing them did.
                least = np.partition(row[hits], -NAMES_RANKED)[-NAMES_RANKED]
                hits = hits[row[hits] >= least]
                hits = hits[np.argsort(-row[hits], kind="stable")[:NAMES_RANKED]]
            found.extend((name, register[hit], _score(row[hit], name, register[hit])) for hit in hits)
    return found


def _core(name: str) -> str:
    """A name without the words that most names share (any two companies would be alike) and without case."""
    return (_LEGAL_FORM.sub("", name) or name).casefold()


def _score(core: float, name: str, other: str) -> float:
    """Equal names score 100; the legal form decides between enterprises of one core."""
    from rapidfuzz import fuzz

    return round(0.9 * float(core) + 0.1 * fuzz.ratio(name, other), 1)
