"""A province of a dozen enterprises, delivered as small files: enough for every stage to have work.

Here: writing files into an inbox, reading a home. Not here: figures that a test asserts.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.worlds.codes import credit_code

ENTERPRISES = "ABCDEFGHJKLM"
AS_OF = "2026-03-31"


def deliver(home: Path, source: str, name: str, text: str, **sidecar: str) -> Path:
    """Put a file, and what its sidecar says, into a source's inbox folder."""
    path = home / "inbox" / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if sidecar:
        lines = "\n".join(f"{key} = {value}" for key, value in sidecar.items())
        path.with_name(f"{name}.meta.toml").write_text(lines, encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    return path


def register(home: Path) -> None:
    """The register of 2025."""
    rows = [f"2025,{credit_code(letter)},安徽{letter}公司,340104,26,在库" for letter in ENTERPRISES]
    head = "名录年份,统一社会信用代码,企业名称,行政区划代码,行业代码,状态"
    deliver(home, "enterprise_register", "名录.csv", "\n".join([head, *rows, ""]), delivered_on="2026-01-10")


def revenue(
    home: Path,
    name: str = "营收.csv",
    of: str = ENTERPRISES,
    yuan: int = 1_200_000_000,
    day: str = "2026-02-01",
) -> None:
    """Revenue and R&D expense of these enterprises in 2025."""
    rows = [f"{credit_code(letter)},2025,{yuan},{yuan // 100}" for letter in of]
    head = "统一社会信用代码,报告期,营业收入（元）,研发费用（元）"
    deliver(home, "enterprise_revenue", name, "\n".join([head, *rows, ""]), delivered_on=day)


def digest(folder: Path) -> dict[str, str]:
    """The hash of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def current(home: Path) -> str:
    """The id of the current release."""
    return (home / "releases" / "current").readlink().name


def record(home: Path, run_id: str | None = None) -> dict[str, Any]:
    """The record of a run, by default of the last one."""
    last = sorted(home.glob("runs/*/run.json"))[-1].parent.name
    found: dict[str, Any] = json.loads(
        (home / "runs" / (run_id or last) / "run.json").read_text(encoding="utf-8")
    )
    return found
