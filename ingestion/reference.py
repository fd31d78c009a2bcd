"""The code lists that cells are checked against: areas and industries, from the seeds of the statistics.

Belongs here: loading the lists into a connection. Does not belong here: what follows from a code
(`cells`).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from ingestion.macros import MACROS, literal

# Typing needs far less; the limit only makes a delivery of ten million rows spill to disk instead of growing. A run that
# is given less keeps to that.
_MEMORY = "1GB"
_LEAST = "SELECT least(parse_formatted_bytes($own), parse_formatted_bytes($given)) || 'B'"
_FILES = ("area.csv", "area_change.csv", "industry.csv")

# An enum is a hash table inside the engine: try_cast tells a known code from an unknown one, inside lists
# too.
_TYPES = """
CREATE TYPE area_county AS ENUM (
    SELECT code FROM read_csv($area, all_varchar = true) WHERE level IN ('county', 'zone')
    UNION SELECT unnest([old_code, new_code]) FROM read_csv($area_change, all_varchar = true)
    ORDER BY 1);
CREATE TYPE area_above AS ENUM (
    SELECT code FROM read_csv($area, all_varchar = true) WHERE level = 'city'
    UNION SELECT '340000' ORDER BY 1);
CREATE TYPE industry_head AS ENUM (
    WITH listed AS (FROM read_csv($industry, all_varchar = true))
    SELECT code FROM listed UNION SELECT section || code FROM listed WHERE level = 'division' ORDER BY 1);
"""


class Reference:
    """The seeds folder of the statistics, as ingestion needs it, and connections that know its code lists."""

    def __init__(self, seeds_dir: Path, engine: Mapping[str, Any] | None = None) -> None:
        """`engine`: how much memory and how many threads a run may take; without it, typing's own measure."""
        self.seeds_dir = seeds_dir
        self._engine = {"memory_limit": _MEMORY, **(engine or {})}
        self._lock = threading.Lock()
        self._databases: dict[bool, duckdb.DuckDBPyConnection] = {}

    @cached_property
    def fingerprint(self) -> str:
        """Changes with the lists' content: typed rows made with other lists are stale."""
        digest = hashlib.sha256()
        for name in _FILES:
            digest.update((self.seeds_dir / name).read_bytes())
        return digest.hexdigest()

    def connect(self, spill: Path, *, one_core: bool = False) -> duckdb.DuckDBPyConnection:
        """A connection with its own temporary tables, on which the expressions of `cells` can be used.

        The database behind it is made once: reading the lists costs more than typing a small file. Who works beside
        others asks for one with a core each: handing the pieces of small files from core to core costs a tenth.
        Where memory does not suffice, that database writes into the folder `spill` of the first call.
        """
        with self._lock:  # several files are typed at once
            return self._open(spill, one_core)

    def _open(self, spill: Path, one_core: bool) -> duckdb.DuckDBPyConnection:
        if one_core not in self._databases:
            con = duckdb.connect(config={**self._engine, "threads": 1} if one_core else self._engine)
            given = {"own": _MEMORY, "given": self._engine["memory_limit"]}
            con.execute(f"SET memory_limit = '{con.execute(_LEAST, given).fetchall()[0][0]}'")
            con.execute(f"SET temp_directory = {literal(str(spill))}")
            sql = _TYPES
            for name in _FILES:
                sql = sql.replace(f"${name.removesuffix('.csv')},", f"{literal(str(self.seeds_dir / name))},")
            con.execute(sql)
            con.execute(MACROS)
            self._databases[one_core] = con
        cursor = self._databases[one_core].cursor()
        # The generated statements compute each stage once, so there is little to gain from rewriting them, and
        # the rewriting is what most of a small file's time went into (0.72 s of CPU against 0.15, measured).
        cursor.execute("PRAGMA disable_optimizer")
        return cursor
