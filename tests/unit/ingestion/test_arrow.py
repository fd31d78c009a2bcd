"""Arrow is told that there is no pandas, and nobody else is."""

from __future__ import annotations

import subprocess
import sys

_SCRIPT = """
import sys
import pyarrow as pa
from ingestion.arrow import leave_pandas_out
leave_pandas_out()
assert pa.Table.from_pylist([{"a": "x"}]).num_rows == 1
assert "pandas" not in sys.modules
import pandas
assert pandas.DataFrame({"a": ["x"]}).shape == (1, 1)
leave_pandas_out()
assert pa.table({"a": ["x"]}).to_pandas().shape == (1, 1)
"""


def test_lists_become_arrays_without_pandas_which_stays_importable() -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
