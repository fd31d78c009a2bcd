"""Arrow without pandas: it looks for pandas at the first list that it turns into an array, which costs a quarter of a second.

Belongs here: that it finds none. Does not belong here: any data.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import pyarrow as pa


class _Absent(MetaPathFinder):
    """A finder that says of pandas that there is none."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "pandas":
            raise ModuleNotFoundError("not needed", name=fullname)
        return None


@cache
def leave_pandas_out() -> None:
    """Have Arrow look now, and find nothing; it looks once a process, and whoever else wants pandas gets it."""
    if "pandas" in sys.modules:
        return
    absent = _Absent()
    sys.meta_path.insert(0, absent)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(absent)
