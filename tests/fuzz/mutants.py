"""Seeds and what is done to them. A mutant is told by its number alone, so that a red one can be made again.

Here: files as they come, then damaged. Not here: judging what was read of them.
"""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from collections.abc import Callable
from functools import cache
from random import Random

import xlsxwriter

from tests.unit.ingestion.typed_world import code
from tests.unit.ingestion.workbook_world import raw_workbook, xml_row

HEAD = ["信用代码", "企业名称", "报告期", "营业收入（千元）", "研发费用（千元）"]
NAMES = [
    "安徽甲股份有限公司",
    "㐂𠮷（集团）公司",
    'a,b"c',
    "乙\n公司",
    "",
    "丙  公司",
    "ＡＢＣ１２３",
    "丁公司",
]

Mutator = Callable[[Random, bytes], bytes]


AMOUNTS = [
    "1",
    "0",
    "12.5",
    "1,234.56",
    "5亿",
    "（100）",
    "--",
    "0.000001",
    "99999999999.99",
    "１２",
    "1e5",
    "x",
]
PLAIN = ["1", "0", "12.5", "-3", "", "0.000001", "99999999999.99", "007", "5.", ".5", "8.10", "999999999999"]


def rows(amounts: list[str] = AMOUNTS, count: int = 12) -> list[list[str]]:
    """Rows as people send them."""
    return [
        [
            code(i),
            NAMES[i % len(NAMES)],
            ["2025", "2025-09", "2025年1-9月"][i % 3],
            amounts[i % len(amounts)],
            str(i / 4),
        ]
        for i in range(count)
    ]


@cache
def csv_seeds() -> list[bytes]:
    """The same rows in every encoding, delimiter and line end, some without quotes; and rows of plain numbers, as most are."""

    def text(delimiter: str, end: str, quoted: bool, amounts: list[str] = AMOUNTS) -> str:
        lines = [
            HEAD,
            *([cell.replace("\n", "") for cell in row] if not quoted else row for row in rows(amounts)),
        ]
        if quoted:
            return (
                end.join(delimiter.join('"' + c.replace('"', '""') + '"' for c in line) for line in lines)
                + end
            )
        plain = [[c.replace(delimiter, "").replace('"', "") for c in line] for line in lines]
        return end.join(delimiter.join(line) for line in plain) + end

    texts = [text(d, e, q) for d in ",\t;|" for e in ("\n", "\r\n", "\r") for q in (True, False)]
    seeds = [encoded for t in texts for encoded in (t.encode(), t.encode("gb18030"))]
    seeds += [codecs.BOM_UTF8 + texts[0].encode(), texts[1].encode("utf-16"), texts[2].encode("utf-16")]
    seeds += [text(",", "\n", False, PLAIN).encode(form) for form in ("utf-8", "gb18030")] * 6
    title = "2025年企业表" + "," * 4 + "\n单位：千元" + "," * 4 + "\n"
    return [*seeds, (title + texts[1].replace("（千元）", "") + "合计,,,100,\n注：无\n").encode()]


_TOKENS = [
    b'"', b'""', b",", b"\t", b";", b"|", b"\n", b"\r", b"\r\n", b"\n\n", b"\0", b"\x1a=", b"\x7f", b"\xef\xbb\xbf",
    b"\xff\xfe", b"\xa1\xa1", b"\x81\x30", b"\x80", b"\xff", "合计".encode(), "㐂".encode("gb18030"), "公司".encode(),
    "安徽乙股份".encode(), "安徽乙股份".encode("gbk"), b"=1+1", b"#REF!", b"0", b"9", b".", b"-", b"e9", b" ",
    "\u200b".encode(), "　".encode(), b"'", b"\\", b"{", b"<", b"PK", b",,,,,", b"1" * 40, b"x" * 140_000,
]  # fmt: skip


def mutate(random: Random, content: bytes) -> bytes:
    """One to four small accidents."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 4))):
        content = random.choice(_ACCIDENTS)(random, content)
    return content


def _flip(random: Random, content: bytes) -> bytes:
    if not content:
        return content
    changed = bytearray(content)
    changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _insert(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + random.choice(_TOKENS) + content[place:]


def _replace(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + random.choice(_TOKENS) + content[place + random.randrange(1, 5) :]


def _drop(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + content[place + random.choice((1, 1, 2, 3, 30)) :]


def _cut(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _copy(random: Random, content: bytes) -> bytes:
    start = random.randrange(len(content) + 1)
    piece = content[start : start + random.choice((1, 10, 100))]
    place = random.randrange(len(content) + 1)
    return content[:place] + piece + content[place:]


def _move_line(random: Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    lines.insert(random.randrange(len(lines)), lines.pop(random.randrange(len(lines))))
    return b"\n".join(lines)


_ACCIDENTS: list[Mutator] = [_flip, _insert, _insert, _replace, _drop, _cut, _copy, _move_line]


# --- workbooks ---------------------------------------------------------------------------------------------


@cache
def xlsx_seeds() -> list[bytes]:
    """A workbook as a library writes it, and one by hand with every kind of cell."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for name in ("一", "二"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, HEAD)
            for i, row in enumerate(rows(), start=1):
                sheet.write_row(i, 0, row[:3])
                sheet.write_number(i, 3, i * 1.1)
                sheet.write_formula(i, 4, "=D2*2", None, i * 2.2)
        sheet.hide()
    kinds = [
        '<c r=""><v>12.5</v></c>', '<c r=""><f>A1</f></c>', '<c r="" t="e"><v>#REF!</v></c>',
        '<c r="" t="b"><v>1</v></c>', '<c r="" t="str"><f>A1</f><v>7</v></c>', '<c r="" t="n"><v>1E3</v></c>',
        '<c r="" t="inlineStr"><is><r><t>1</t></r><r><t>2</t></r></is></c>', '<c r="" s="0"/>',
    ]  # fmt: skip
    body = xml_row(1, *HEAD) + "".join(
        xml_row(i, code(i), "甲", "2025", kind, "1") for i, kind in enumerate(kinds, start=2)
    )
    return [buffer.getvalue(), raw_workbook(body)]


_SWAPS: list[tuple[bytes, list[bytes]]] = [
    (rb"<v>[^<]*</v>", [b"<v></v>", b"<v/>", b"", b"<v>nan</v>", b"<v>1e999</v>", b"<v>abc</v>", b"<v>-1</v>", b"<v>999</v>",
                        b"<v> 5 </v>", b"<v>0x10</v>", b"<v>913400007117750489</v>", b"<v>1&#48;</v>", b"<v>1_0</v>"]),
    (rb' t="\w+"', [b"", b' t="s"', b' t="e"', b' t="n"', b' t="b"', b' t="str"', b' t="inlineStr"', b' t="d"']),
    (rb' r="[A-Z]+[0-9]+"', [b"", b' r="A1"', b' r="D3"', b' r="XFD1048576"', b' r="ZZZZ9"', b' r="A0"', b' r=""']),
    (rb'<row r="[0-9]+"', [b"<row", b'<row r="1"', b'<row r="1048576"', b'<row r="0"', b'<row r="99999999999"']),
    (rb"</?[a-z]+[^>]*>", [b"", b"<x>", b"</x>", b"<!-- c -->", b"<![CDATA[9]]>", b"<?x y?>"]),
    (rb"[0-9]", [b"7", b"", b"\xe4\xba\x94", b"&amp;", b"&", b"\0"]),
    (rb"<c ", [b'<c><v>1</v></c><c ', b"<x:c ", b"<C "]),
    (rb"</row>", [b"</row><row><c><v>5</v></c></row>", b""]),
]  # fmt: skip


def mutate_xlsx(random: Random, content: bytes) -> bytes:
    """Damage to the file, or to one part of it within a sound archive."""
    if random.random() < 0.3:
        return mutate(random, content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = random.choice([n for n in parts if n.startswith("xl/")] + [n for n in parts if "sheet" in n] * 4)
    for _ in range(random.choice((1, 1, 2))):
        pattern, others = random.choice(_SWAPS)
        places = list(re.finditer(pattern, parts[name]))
        if places:
            place = random.choice(places)
            parts[name] = parts[name][: place.start()] + random.choice(others) + parts[name][place.end() :]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    return buffer.getvalue()
