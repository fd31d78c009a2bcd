"""The quick proof of an encoding says nothing that the exact look does not say; iconv says nothing but what Python does."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion.readers import iconv, proof
from ingestion.readers.csv_reader import read_text
from ingestion.readers.encoding import examine
from ingestion.readers.unreadable import UnreadableError

CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
LINES = st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12), max_size=5)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-be"])


def test_iconv_reads_each_character_as_python_does_or_leaves_it() -> None:
    left = 0
    for character in CHARACTERS:
        read = iconv.to_utf8(character.encode("gb18030"))
        assert read in (None, character.encode()), hex(ord(character))
        left += read is None and ord(character) < 0xE000
    if iconv.to_utf8("合".encode("gb18030")) is None:
        pytest.skip(
            "this system has no iconv that reads GB18030 as Python does: Python's codec reads all of it"
        )
    assert left == 64 + 8, "U+1E00 to U+1E3F and U+9FB4 to U+9FBB"


def test_utf8_is_what_python_takes_for_utf8() -> None:
    """Surrogates, overlong forms, what lies beyond the last plane: every combination of the bytes at which rules change."""
    edges = bytes.fromhex("00 41 7f 80 8f 90 9f a0 bf c0 c1 c2 df e0 e1 ed ee f0 f1 f4 f5 ff")
    for length in (1, 2, 3):
        for some in product(edges, repeat=length):
            for text in (bytes(some), bytes([0xF4, *some]), b"abcdefgh" * 3 + bytes(some) + b"x"):
                assert proof.is_utf8(text) == (text.decode("utf-8", "ignore").encode() == text), text


@given(lines=LINES, encoding=ENCODINGS, flaw=st.binary(max_size=3), at=st.integers(0, 40))
@example(lines=["龴,1"], encoding="gb18030", flaw=b"", at=0)
@example(lines=["名称", "安徽科技有限公司"], encoding="gb18030", flaw="安徽科技有限公司".encode(), at=0)
@example(lines=["合" * 2000, "b"], encoding="utf-8", flaw=b"\xe5", at=2000)
def test_quick_proof_agrees_with_the_exact_look(
    lines: list[str], encoding: str, flaw: bytes, at: int
) -> None:
    with TemporaryDirectory() as folder:
        path, copy = Path(folder) / "text.csv", Path(folder) / "copy"
        whole = "\n".join(lines).encode(encoding)
        path.write_bytes(whole[:at] + flaw + whole[at:])
        quick = proof.proved(path, copy)
        try:
            exact = examine(path)
        except UnreadableError:
            assert quick is None
            return
        assert quick in (None, exact)
        if quick and quick[0] == "gb18030":
            assert copy.read_bytes() == path.read_bytes().decode("gb18030").encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_sound_text_in_lines_is_proved_at_once(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "text.csv"
    path.write_text(
        "企业名称,营业收入\n" + "合肥“甲”公司,5\n" * 50_000, encoding=encoding
    )  # of several blocks
    assert proof.proved(path, tmp_path / "copy") == (encoding, False)


@pytest.mark.parametrize("long", ["a" * (17 << 20), "科" * (9 << 20)])
def test_what_has_no_lines_is_not_proved_and_not_held(tmp_path: Path, long: str) -> None:
    path = tmp_path / "text.csv"
    path.write_text(long, encoding="gb18030")
    assert proof.proved(path, tmp_path / "copy") is None


def test_characters_that_editions_of_gb18030_differ_on_are_pythons(tmp_path: Path) -> None:
    path = tmp_path / "text.csv"
    path.write_text("企业名称,营业收入\n龴𠂇ḿ公司,5\n", encoding="gb18030")
    book = read_text(path, len, tmp_path / "scratch")
    assert book.sheets[0].head[1] == ["龴𠂇ḿ公司", "5"]


@pytest.mark.parametrize("rows", [1, 60_000])
def test_f20_gbk_that_is_sound_utf8_is_not_read_as_utf8(tmp_path: Path, rows: int) -> None:
    text = "uscc,name,period,revenue_yuan\n" + "A,B,2025,1\n" * rows
    path = tmp_path / "text.csv"
    path.write_bytes(text.encode() + "A,千山木,2025,1\n".encode("gbk"))
    with pytest.raises(UnreadableError, match="encoding_ambiguous"):
        read_text(path, len, tmp_path / "scratch")


@pytest.mark.parametrize("name", ["Müller", "a\u00a0b", "甲·乙", "ǧɽľ科", "×"])
def test_letters_of_europe_are_read_where_nothing_else_is_meant(tmp_path: Path, name: str) -> None:
    path = tmp_path / "text.csv"
    path.write_text(f"uscc,name\nA,{name}\n", encoding="utf-8")
    assert read_text(path, len, tmp_path / "scratch").sheets[0].head[1] == ["A", name]
    path.write_text("uscc,name\nA,αβγ\n", encoding="utf-8-sig")  # the mark says it
    assert read_text(path, len, tmp_path / "scratch").sheets[0].head[1] == ["A", "αβγ"]
