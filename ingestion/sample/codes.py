"""Unified social credit codes (GB 32100-2015) made up for the sample province.

Here: arithmetic that turns serial numbers into well-formed codes nobody holds. Not here: reading,
normalising or judging the codes of a delivery — the loader does that by its own arithmetic, so each checks
the other.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Chars = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SYMBOLS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_VALUE = np.full(128, -1, dtype=np.int64)
_VALUE[_SYMBOLS] = np.arange(31)
# GB 11714 values its letters A=10 … Z=35, without the gaps of the 31-character alphabet.
_ORGANISATION_VALUE = np.array([c - 48 if c < 65 else c - 55 for c in range(128)], dtype=np.int64)
_ORGANISATION_WEIGHT = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_WEIGHT = np.array([pow(3, i, 31) for i in range(17)], dtype=np.int64)


def _digits(number: Ints, base: Chars, width: int) -> Chars:
    """The numbers as `width` symbols of `base`, one row each, most significant first."""
    powers = np.array([len(base) ** i for i in range(width - 1, -1, -1)], dtype=np.int64)
    symbols: Chars = base[(number[:, None] // powers) % len(base)]
    return symbols


def _organisation(serial: Ints, digits_only: Flags) -> Chars:
    """Nine characters of GB 11714, unique by serial; the ranges (98…, 99…, MAX…) are ones not seen in use."""
    old = _digits(98_000_000 + (serial * 611_953) % 2_000_000, _SYMBOLS[:10], 8)
    new = np.empty_like(old)
    new[:, :3] = np.frombuffer(b"MAX", dtype=np.uint8)
    new[:, 3:] = _digits((serial * 7_368_787) % 31**5, _SYMBOLS, 5)
    body = np.where(digits_only[:, None], old, new)
    check = (11 - (_ORGANISATION_VALUE[body] @ _ORGANISATION_WEIGHT) % 11) % 11
    last = np.frombuffer(b"0123456789X", dtype=np.uint8)[check]
    return np.concatenate([body, last[:, None]], axis=1)


def check_values(body: Chars) -> Ints:
    """The check values 0–30 of rows of the first 17 characters."""
    values: Ints = (31 - (_VALUE[body] @ _WEIGHT) % 31) % 31
    return values


def credit_codes(
    area: pl.Series, serial: Ints, *, digits_only: Flags, wrong: Flags | None = None, kind: str = "91"
) -> pl.Series:
    """Codes registered at the six-digit `area`; `wrong` marks those whose check character is to fail."""
    n = len(serial)
    body = np.empty((n, 17), dtype=np.uint8)
    body[:, :2] = np.frombuffer(kind.encode(), dtype=np.uint8)
    body[:, 2:8] = _digits(area.cast(pl.Int64).to_numpy(), _SYMBOLS[:10], 6)
    body[:, 8:] = _organisation(serial, digits_only)
    check = check_values(body)
    if wrong is not None:
        check = np.where(wrong, (check + 7) % 31, check)
    codes = np.concatenate([body, _SYMBOLS[check][:, None]], axis=1)
    text = codes.reshape(-1).view("S18").astype("U18")
    return pl.Series("uscc", text, dtype=pl.String)


def rounded_by_a_spreadsheet(codes: pl.Series) -> pl.Series:
    """Codes that were taken for numbers: fifteen digits and zeros, and never by luck a valid code."""
    whole = (codes.str.len_chars() == 18).fill_null(False)
    digits = codes.str.replace_all("[A-Z]", "7").str.head(15).set(~whole, "1" * 15)
    body = np.frombuffer("".join((digits + "00").to_list()).encode(), dtype=np.uint8).reshape(-1, 17)
    ending = pl.Series(np.where(check_values(body) == 0, "001", "000"))
    return codes.zip_with(~whole, digits + ending)
