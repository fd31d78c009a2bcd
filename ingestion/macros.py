"""The grammar of cells as SQL macros: numbers, dates, periods, codes, lists, and what counts as nothing.

Belongs here: patterns and the macros over them. Does not belong here: which column is read by which
(`cells`). A macro's argument is copied to each place of its use, so macros are kept flat: a plan grows by
multiplication.
"""

from __future__ import annotations

from collections.abc import Sequence

# White space of every kind, with the invisible characters that come along when cells are copied.
_SPACES = (9, 10, 13, 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200E), 0x2028, 0x2029, 0x202F, 0x205F, 0x2060)
SPACE = "".join(map(chr, (*_SPACES, 0x3000, 0xFEFF)))
ANY_SPACE = r"[\s\p{Z}\x{200b}-\x{200d}\x{2060}\x{feff}\x{85}]"
# Characters without width that say nothing: zero-width spaces and joiners, marks of direction, soft hyphens, byte order marks,
# selectors of a glyph's form.
INVISIBLE = r"[\x{ad}\x{180e}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}\x{fe00}-\x{fe0f}\x{feff}]"
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"
# What stands in a cell that has no value: an error, as a spreadsheet shows it, or, marked by the reader of
# workbooks with a character that no cell can hold, a formula that was never computed.
ERROR = r"#(REF|DIV/0|VALUE|NUM|NULL|SPILL|CALC|FIELD|BLOCKED)!|#NAME\?|#N/A|#GETTING_DATA|Err:[0-9]{3}"
FORMULA = "\x1a="
MISSING = ("", "--", "-", "—", "/", "null", "n/a", "nan", "无")

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015
USCC_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
USCC = f"[{USCC_ALPHABET}]{{18}}"

_DIGITS = r"(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+"
_NUMBER = rf"(?:{_DIGITS})(?:[eE][-+]?[0-9]{{1,3}})?"
OWN_UNIT = "(?: ?(?:百万|千|万|亿)?元| ?(?:百万|千|万|亿))?"
_QUICK = r"-?[0-9]{1,12}(\.[0-9]{1,6})?"  # nearly every number, revenues in yuan too: cast as it stands

_DAY = r"^([0-9]{4}) ?[-/.年] ?([0-9]{1,2}) ?[-/.月] ?([0-9]{1,2}) ?[日号]?"
_TIME = r"(?:[ T]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"


def literal(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literals(values: Sequence[str]) -> str:
    """SQL string literals, separated by commas."""
    return ", ".join(literal(value) for value in values)


def _check_sum() -> str:
    """Sum of the characters' values times their weights."""
    return " + ".join(
        f"(strpos({literal(USCC_ALPHABET)}, substr(code, {i}, 1)) - 1) * {weight}"
        for i, weight in enumerate(USCC_WEIGHTS, start=1)
    )


# Macros keep the grammar in one place and the generated SQL readable. All are NULL for NULL.
MACROS = f"""
CREATE MACRO uscc_plain(cell) AS
    CASE WHEN regexp_full_match(cell, '{USCC}') THEN cell
    ELSE regexp_replace(upper(cell), '[\\p{{Pd}}\\x{{2212}}]|{ANY_SPACE}', '', 'g') END;

CREATE MACRO uscc_checks(code) AS
    ({_check_sum()} + strpos({literal(USCC_ALPHABET)}, substr(code, 18, 1)) - 1) % 31 = 0;

-- The letters left out of the alphabet are those mistaken for others; a leading apostrophe is a
-- spreadsheet's.
CREATE MACRO uscc_suggestion(code) AS
    CASE WHEN regexp_full_match(translate(ltrim(code, chr(39)), 'IOSVZ', '105U2'), '{USCC}')
         THEN translate(ltrim(code, chr(39)), 'IOSVZ', '105U2') END;

-- A number that is not plain, taken apart: its digits, and the power of ten by which they count (of
-- yuan, for money). `unit` is the pattern of the units that a cell may carry itself; one that it carries
-- counts instead of `power`. NULL is for those that are plain; of what is no number even the power is unknown.
CREATE MACRO taken_apart(cell, power, unit) AS
    CASE WHEN regexp_full_match(cell, '{_QUICK}') THEN NULL
         WHEN regexp_full_match(cell, '[-+\\x{{2212}}]?(?:{_NUMBER})' || unit)
              OR regexp_full_match(cell, '\\((?:{_NUMBER})' || unit || '\\)')
         THEN {{
            'sign': CASE WHEN regexp_matches(cell, '^[-\\x{{2212}}(]') THEN -1 ELSE 1 END,
            'whole': replace(regexp_extract(cell, '^[-+\\x{{2212}}(]?([0-9,]*)', 1), ',', ''),
            'fraction': rtrim(regexp_extract(cell, '\\.([0-9]*)', 1), '0'),
            'power': coalesce(try_cast(regexp_extract(cell, '[eE]([-+]?[0-9]+)', 1) AS INTEGER), 0)
                + CASE regexp_extract(cell, '百万|千|万|亿|元') WHEN '百万' THEN 6 WHEN '亿' THEN 8
                  WHEN '万' THEN 4 WHEN '千' THEN 3 WHEN '元' THEN 0 ELSE power END
         }}
         WHEN cell IS NOT NULL THEN {{'sign': 1, 'whole': '', 'fraction': '', 'power': NULL}} END;

-- In whole millionths, so that nothing is rounded: digits are appended, or taken off the end where they
-- are zeros.
CREATE MACRO amount(cell, apart, power) AS
    CASE WHEN apart IS NULL
         THEN try_cast(try_cast(cell AS DECIMAL(18,6))::DECIMAL(28,6)
             * (10 ** power)::DECIMAL(9,0) AS DECIMAL(24,6))
         WHEN apart.power <= 30
         THEN try_cast(try_cast(CASE
                  WHEN apart.power + 6 >= length(apart.fraction)
                  THEN apart.whole || apart.fraction
                      || repeat('0', greatest(0, apart.power + 6 - length(apart.fraction))::BIGINT)
                  WHEN rtrim(right(apart.whole || apart.fraction,
                      length(apart.fraction) - apart.power - 6), '0') = ''
                  THEN '0' || left(apart.whole, greatest(0, length(apart.whole || apart.fraction)
                      - (length(apart.fraction) - apart.power - 6)))
                  END AS DECIMAL(24,0))
              * (0.000001 * apart.sign)::DECIMAL(7,6) AS DECIMAL(24,6)) END;

CREATE MACRO sane(d) AS
    CASE WHEN try_cast(d AS DATE) BETWEEN DATE '1900-01-01' AND DATE '9999-12-31'
         THEN try_cast(d AS DATE) END;

CREATE MACRO day_text(cell) AS
    CASE WHEN regexp_full_match(cell, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') THEN cell
         WHEN regexp_full_match(cell, '[0-9]{{8}}') THEN cell[1:4] || '-' || cell[5:6] || '-' || cell[7:8]
         WHEN regexp_full_match(cell, '[2-7][0-9]{{4}}(\\.[0-9]+)?|80000')
         THEN (DATE '1899-12-30' + try_cast(cell[1:5] AS INTEGER))::VARCHAR
         WHEN regexp_full_match(cell, '{_DAY}{_TIME}')
         THEN regexp_replace(cell, '{_DAY}.*', '\\1-\\2-\\3') END;

-- 2026.1 may have been 2026.10 before a spreadsheet took it for a number, so one digit after a point
-- must be 2 to 9.
CREATE MACRO month_text(cell) AS
    CASE WHEN regexp_full_match(cell,
             '[0-9]{{6}}|[0-9]{{4}} ?(?:[-/] ?[0-9]{{1,2}}|年 ?[0-9]{{1,2}} ?月份?|\\.(?:[0-9]{{2}}|[2-9]))')
         THEN regexp_replace(cell, '^([0-9]{{4}})[^0-9]*([0-9]{{1,2}})[^0-9]*$', '\\1-\\2-01') END;

CREATE MACRO period_text(cell) AS
    CASE WHEN regexp_full_match(cell, '(?:(?:19|20)[0-9]{{2}}|2100)(?: ?年度?| ?全年|\\.0+)?') THEN cell[1:4]
         WHEN regexp_full_match(cell, '[0-9]{{4}} ?年 ?0?1 ?月? ?[-—–~至到] ?[0-9]{{1,2}} ?月(?:份|累计)?')
         THEN regexp_replace(cell, '^([0-9]{{4}}).*[^0-9]([0-9]{{1,2}})[^0-9]*$', '\\1-\\2-01')
         WHEN length(cell) > 7 THEN coalesce(month_text(cell), day_text(cell)) ELSE month_text(cell) END;

CREATE MACRO period_end(period) AS
    CASE WHEN length(period) = 4 THEN make_date(period::INTEGER, 12, 31)
         ELSE last_day((period || '-01')::DATE) END;

CREATE MACRO area_kind(code) AS
    CASE WHEN try_cast(code AS area_county) IS NOT NULL THEN 'county'
         WHEN try_cast(code AS area_above) IS NOT NULL THEN 'above' END;

CREATE MACRO places(cell) AS
    list_transform(regexp_split_to_array(cell, '{ANY_SPACE}*[;、|]{ANY_SPACE}*'),
        lambda x: CASE WHEN lower(x) NOT IN ({literals(MISSING)}) THEN x END);
"""
