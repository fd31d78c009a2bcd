"""Limits of innostat.toml: defaults of the interface, unknown or absurd ones refused in words."""

from __future__ import annotations

from typing import Any

import pytest

from quality.limits import DisclosureLimits, GateLimits, LimitsError


def test_defaults_are_those_of_the_interface() -> None:
    gate = GateLimits.from_settings({})
    assert (gate.quarantined_share, gate.quarantined_min_rows, gate.rows_drop, gate.rate_move) == (
        0.05,
        100,
        0.30,
        0.10,
    )
    assert gate.required == ("enterprise_register", "enterprise_revenue | survey_finance")
    assert DisclosureLimits.from_settings({}) == DisclosureLimits(3, 3, 10)


def test_named_ones_replace_their_default() -> None:
    gate = GateLimits.from_settings({"rows_drop": 1, "required": ["enterprise_register"]})
    assert (gate.rows_drop, gate.required, gate.rate_move) == (1, ("enterprise_register",), 0.10)


@pytest.mark.parametrize(
    "table",
    [{"rows_dropp": 0.1}, {"rows_drop": 30}, {"rows_drop": "0.3"}, {"rows_drop": True}, {"rows_drop": -0.1},
     {"rate_min_asked": -1}, {"rate_min_asked": 1.5}, {"required": "enterprise_register"},
     {"required": [""]}],
)  # fmt: skip
def test_an_unknown_or_absurd_one_is_refused_in_both_languages(table: dict[str, Any]) -> None:
    with pytest.raises(LimitsError) as refused:
        GateLimits.from_settings(table)
    (name,) = table
    assert name in refused.value.zh and name in refused.value.en and "[gate]" in refused.value.en
