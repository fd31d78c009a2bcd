"""Names for the sample province: enterprises, institutes, products, projects. All invented.

Here: word lists and how they combine. A trade name is three (in large provinces four) characters numbered
by a permutation, so that no two enterprises share one unless the province wants it. Not here: who bears
which name.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]

_FIRST = (
    "沐珑昶彧霁翊骁珩煜昊璟禾澜岑榕柏枫栎桦樟楠梓桐椿晗晟曜朔霆霖霄翎翰翃翌铭锐钧铄锦"
    "钰镕铸砺砥磐碁衡衍弈弘彦翼骐骥骏驰"
)
_SECOND = (
    "川江洲沅沣沚泓泽洋润涵淳渊湛源溪滢漪潮澄瀚峰岩岚岳峻嵘巍坤培基城垚堃野原田禾秋春"
    "夏明昭昕映晨晴暄晖景暖曦朗月星辰宇宙"
)
_THIRD = (
    "达通远航健实立诚信义和平安宁康泰顺昌盛兴旺隆丰裕富华荣耀辉煌光亮新锐创智慧思博学"
    "成功业勤勉励进升腾飞跃翔鸣振奋拓展"
)

PRODUCT_WORDS: dict[str, tuple[str, ...]] = {
    "06": ("煤业", "矿业"), "08": ("铁矿", "矿业"), "09": ("铜矿", "矿业"), "10": ("石料", "非金属矿业"),
    "13": ("粮油食品", "农产品", "饲料"), "14": ("食品", "生物食品"), "15": ("饮品", "茶业", "酿造"),
    "16": ("烟草",), "17": ("纺织", "纱业"), "18": ("服饰", "制衣"), "19": ("鞋业", "皮革制品"),
    "20": ("木业", "竹制品"), "21": ("家居", "家具"), "22": ("纸业", "包装材料"),
    "23": ("印务", "彩印包装"), "24": ("文教用品", "工艺品"), "25": ("能源化工",),
    "26": ("新材料", "化工", "精细化学", "涂料"), "27": ("药业", "生物医药", "中药饮片"),
    "28": ("化纤", "纤维"), "29": ("塑业", "橡胶制品", "高分子材料"),
    "30": ("建材", "玻璃", "水泥制品", "耐火材料"), "31": ("金属材料", "特钢"),
    "32": ("铜材", "铝业", "有色金属"), "33": ("金属制品", "五金", "钢结构"),
    "34": ("机械", "精密机械", "轴承", "阀门"), "35": ("智能装备", "环保设备", "模具", "医疗器械"),
    "36": ("汽车零部件", "车桥", "汽车电子"), "37": ("轨道装备", "船舶", "航空部件"),
    "38": ("电气", "电缆", "光伏", "新能源", "电器"), "39": ("电子", "光电", "半导体", "通信设备"),
    "40": ("仪器仪表", "传感", "自动化"), "41": ("工贸",), "42": ("再生资源",), "43": ("机械维修",),
    "44": ("热电", "新能源发电"), "45": ("燃气",), "46": ("水务",),
}  # fmt: skip
_SUFFIXES = ("有限公司", "科技有限公司", "股份有限公司", "集团有限公司", "制造有限公司")
_SUFFIX_SHARES = (0.60, 0.22, 0.07, 0.02, 0.09)
_OBJECTS = (
    "高强度轻量化构件", "精密减速器", "低温固化涂层", "高导热复合膜", "伺服驱动器", "柔性显示基板",
    "固态储能单元", "耐高温密封件", "智能传感模组", "高纯度前驱体", "特种合金棒材", "节能永磁电机",
    "缓释制剂", "可降解包装材料", "激光焊接单元", "车规级控制器", "高效换热器", "微通道反应器",
    "光学级树脂", "在线检测仪", "数控转台", "陶瓷基复合材料",
)  # fmt: skip
_ADJECTIVES = ("新型", "高性能", "智能化", "低能耗", "一体化", "高可靠", "轻量化", "绿色")
_TAILS = ("关键技术研究", "研制", "开发与应用", "工艺优化研究", "结构设计与开发", "可靠性研究")


def pick(words: tuple[str, ...] | list[str] | str, index: Ints) -> pl.Series:
    """The words at these indices (modulo their number) as a column."""
    return pl.Series(list(words), dtype=pl.String).gather(index % len(words))


def trade_names(serial: Ints) -> pl.Series:
    """A trade name for each serial number; different serials give different names (to some eight million)."""
    base = len(_FIRST) * len(_SECOND) * len(_THIRD)
    scattered = (serial % base) * 99_991 % base  # a prime that shares no factor with the sizes: a permutation
    parts = [
        pick(_FIRST, scattered // (len(_SECOND) * len(_THIRD))),
        pick(_SECOND, scattered // len(_THIRD)),
        pick(_THIRD, scattered),
    ]
    if len(serial) and int(serial.max()) >= base:
        extra = pl.Series(["", *_THIRD[:48]], dtype=pl.String)
        parts.append(extra.gather(serial // base))
    return pl.select(pl.concat_str([pl.lit(part) for part in parts])).to_series()


def product_words(division: pl.Series, index: Ints) -> pl.Series:
    """What an enterprise of the division makes, as it stands in its name."""
    words = [w for options in PRODUCT_WORDS.values() for w in options]
    offset, at = {}, 0
    for code, options in PRODUCT_WORDS.items():
        offset[code], at = (at, len(options)), at + len(options)
    start = division.replace_strict({k: v[0] for k, v in offset.items()}, return_dtype=pl.Int64).to_numpy()
    count = division.replace_strict({k: v[1] for k, v in offset.items()}, return_dtype=pl.Int64).to_numpy()
    return pl.Series(words, dtype=pl.String).gather(start + index % count)


def enterprise_names(
    city: pl.Series, division: pl.Series, serial: Ints, rng: np.random.Generator
) -> pl.DataFrame:
    """`name` and `later_name` (what the enterprise calls itself after a change of name)."""
    n = len(serial)
    parts = pl.DataFrame(
        {
            "city": city.str.strip_suffix("市"),
            "trade": trade_names(serial),
            "word": product_words(division, rng.integers(0, 1 << 30, n)),
            "suffix": pick(_SUFFIXES, rng.choice(len(_SUFFIXES), n, p=_SUFFIX_SHARES)),
            "form": rng.choice(3, n, p=(0.72, 0.20, 0.08)),
        }
    )
    c = pl.col
    by_city = pl.concat_str("city", "trade", "word", "suffix")
    by_province = pl.concat_str(pl.lit("安徽"), "trade", "word", "suffix")
    in_brackets = pl.concat_str("trade", pl.lit("（"), "city", pl.lit("）"), "word", "suffix")
    return parts.select(
        name=pl.when(c("form") == 0)
        .then(by_city)
        .when(c("form") == 1)
        .then(by_province)
        .otherwise(in_brackets),
        later_name=pl.when(c("suffix") == "股份有限公司")
        .then(pl.concat_str("trade", pl.lit("控股"), "word", "suffix"))
        .otherwise(pl.concat_str(pl.lit("安徽"), "trade", "word", pl.lit("股份有限公司"))),
    )


def subjects(n: int, rng: np.random.Generator, *, tail: bool = True) -> pl.Series:
    """Titles of projects (with a tail such as 研制) or of products and inventions (without)."""
    parts = [pick(_ADJECTIVES, rng.integers(0, 99, n)), pick(_OBJECTS, rng.integers(0, 9999, n))]
    if tail:
        parts.append(pick(_TAILS, rng.integers(0, 99, n)))
    return pl.select(pl.concat_str([pl.lit(p) for p in parts])).to_series()


def institutes(count: int) -> list[str]:
    """Universities and institutes that do not exist."""
    kinds = ("应用技术大学", "工程学院", "材料研究院", "智能制造研究所", "生物技术研究院", "理工大学")
    trades = trade_names(np.arange(count, dtype=np.int64) + 5_000).to_list()
    return [f"{trade}{kinds[i % len(kinds)]}" for i, trade in enumerate(trades)]
