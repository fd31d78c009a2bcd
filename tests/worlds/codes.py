"""Valid credit codes for invented enterprises.

Here: the check digit of GB 32100-2015, written out plainly and apart from the program's own.
Not here: any rule that a test is about.
"""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code(letter: str) -> str:
    """The valid 18-character code of the enterprise that a world calls by this letter."""
    stem = f"91340100MA0000{ALPHABET.index(letter):03d}"
    total = sum(ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(stem))
    return stem + ALPHABET[(31 - total % 31) % 31]
