"""docs/indicators: the pages of the indicators, written from the catalogue and an empty build of the models.

Here: building an empty province and writing the pages (`make indicators`). Not here: what the pages say
(publication.indicator_pages).
"""

from __future__ import annotations

import re
import sys
import tempfile
from datetime import date
from pathlib import Path

from orchestration import dbt_runner
from orchestration.home import Home, make_home
from orchestration.settings import Settings

# Any day will do: the pages say which periods there are, not which are over.
_AS_OF = date(2026, 12, 31)


def write(folder: Path) -> None:
    """Writes every page anew, and removes pages that no indicator has any more."""
    pages = build_pages()
    folder.mkdir(parents=True, exist_ok=True)
    for stale in set(folder.glob("*.md")) - {folder / name for name in pages}:
        stale.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


def build_pages() -> dict[str, str]:
    """File name → text, from models built without a single delivery: every figure has its rows, and no value."""
    import duckdb

    from ingestion.contract import load_contracts
    from ingestion.settle import RunSetting, settle
    from publication.indicator_pages import doc_pages

    contracts = load_contracts()
    of = {name: re.findall(r"R[0-9]{2}", contract.register) for name, contract in contracts.items()}
    registers = {
        code: "、".join(f"{contracts[name].title} `{name}`" for name in of if code in of[name])
        for code in {code for codes in of.values() for code in codes}
    }
    settings = Settings()
    with tempfile.TemporaryDirectory() as aside:
        home: Home = make_home(Path(aside), [])
        database = home.build_db("r000001")
        database.parent.mkdir(parents=True)
        setting = RunSetting("r000001", 1, _AS_OF, settings.coverage.first_year, settings.policy.version)
        with duckdb.connect(str(database)) as con:
            settle(con, home.root, contracts, [], setting)
        built = dbt_runner.build(
            home, database, settings.run.threads, settings.run.memory_limit, lambda *_: None, only="indicator"
        )
        failed = [one.message for one in built if one.status not in ("success", "pass")]
        if failed:
            raise RuntimeError("; ".join(failed))
        with duckdb.connect(str(database)) as con:
            return doc_pages(con, registers)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
