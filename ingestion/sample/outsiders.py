"""Enterprises that are not in the industrial register: small, young, or in services.

Here: their codes, names and places. Most holders of a high-tech certificate and nearly all technology SMEs
are among them. Not here: the enterprises of the register (province.py), what titles either bears (titles.py).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import polars as pl

from ingestion.sample.calibration import CITIES
from ingestion.sample.codes import credit_codes
from ingestion.sample.events import scaled
from ingestion.sample.names import pick, trade_names
from ingestion.sample.province import Province

COUNT = 36_000
_FIRST_SERIAL = 3_000_001  # above those of any register, so that neither codes nor names meet
_HEFEI = 45.0  # of a hundred high-tech enterprises: more than 10,000 (domain.md 2.9)
_WORDS = (
    "信息技术", "软件", "生物科技", "环境工程", "检测技术", "工程设计", "智能科技", "网络科技", "农业科技",
    "新材料科技", "自动化工程", "电子科技",
)  # fmt: skip


@lru_cache(maxsize=2)
def outsiders(province: Province) -> pl.DataFrame:
    """Code, name, county and city of each, in no particular order."""
    rng = province.rng("outsiders")
    n = scaled(province, COUNT)
    share = {code: _HEFEI if code == "340100" else large for code, (_, large) in CITIES.items()}
    weight = province.counties.select(
        pl.col("city_code").replace_strict(share, return_dtype=pl.Float64)
        * (pl.col("weight") / pl.col("weight").sum().over("city_code"))
    ).to_series()
    p = weight.to_numpy()
    home = province.counties[rng.choice(len(p), n, p=p / p.sum())]
    serial = _FIRST_SERIAL + np.arange(n, dtype=np.int64)
    parts = {
        "place": pick(("安徽", ""), (rng.random(n) > 0.3).astype(np.int64)),
        "city": home["city"].str.strip_suffix("市"),
        "trade": trade_names(serial),
        "word": pick(_WORDS, rng.integers(0, len(_WORDS), n)),
    }
    by_province = pl.col("place") != ""
    return pl.DataFrame(parts).select(
        uscc=credit_codes(home["code"], serial, digits_only=np.zeros(n, dtype=np.bool_)),
        name=pl.concat_str(
            pl.when(by_province).then("place").otherwise("city"), "trade", "word", pl.lit("有限公司")
        ),
        area_code=home["code"],
    )
