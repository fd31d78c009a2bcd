"""The figures that the sample province is made to resemble.

Belongs here: sizes, shares and laws, each with where it comes from. Does not belong here: how enterprises
are drawn from them (province.py). Anhui had 24,056 enterprises with revenue of 54,918.5 (10^8 yuan) at the
end of 2024, hence a Pareto law with x_min 0.2 and alpha 1.096, cut off at the size of the largest; that
gives some 4,100, 700 and 330 enterprises from 1, 5 and 10 on. Shares of cities and industries are rounded
and merely plausible.
"""

from __future__ import annotations

YI = 100_000  # 亿元 in 千元, the unit in which the truth is kept
PARETO_MIN, PARETO_ALPHA, LARGEST = 0.2, 1.096, 2_000.0
GROWTH = 1.05  # of the frame, a year (net +1,345 of 22,700 in 2024)
LEAVERS = 0.07  # of a frame, gone by the next
SPARES = 0.003  # enterprises whose rows in the register are never readable
NEVER = 9999

# city: share of enterprises, share of large ones (percent)
CITIES: dict[str, tuple[float, float]] = {
    "340100": (12.4, 22.0), "340200": (9.2, 14.0), "340300": (5.2, 3.5), "340400": (3.0, 2.5),
    "340500": (7.0, 9.0), "340600": (3.4, 3.5), "340700": (2.6, 5.5), "340800": (8.4, 6.5),
    "341000": (3.0, 1.0), "341100": (9.4, 11.0), "341200": (8.6, 5.0), "341300": (6.8, 3.5),
    "341500": (5.8, 4.0), "341600": (5.0, 2.5), "341700": (2.8, 2.5), "341800": (7.4, 4.0),
}  # fmt: skip
# division: weight, tendency to innovate (logits)
DIVISIONS: dict[str, tuple[float, float]] = {
    "06": (0.5, -0.3), "08": (0.3, -0.4), "09": (0.2, -0.2), "10": (1.2, -0.8), "13": (7.5, -0.5),
    "14": (2.6, -0.2), "15": (1.4, -0.4), "16": (0.1, 0.4), "17": (3.4, -0.4), "18": (3.8, -0.9),
    "19": (1.4, -0.6), "20": (3.6, -0.8), "21": (1.6, -0.4), "22": (1.9, -0.3), "23": (1.8, -0.2),
    "24": (1.7, -0.2), "25": (0.4, -0.3), "26": (6.2, 0.4), "27": (2.3, 0.7), "28": (0.6, 0.2),
    "29": (5.6, 0.1), "30": (9.6, -0.6), "31": (1.5, 0.0), "32": (2.2, 0.1), "33": (6.6, -0.1),
    "34": (7.2, 0.4), "35": (5.6, 0.6), "36": (4.9, 0.6), "37": (0.9, 0.5), "38": (8.8, 0.6),
    "39": (5.4, 0.8), "40": (1.5, 0.8), "41": (0.5, -0.4), "42": (1.3, -0.4), "43": (0.2, -0.2),
    "44": (2.1, -1.2), "45": (0.5, -1.5), "46": (0.7, -1.5),
}  # fmt: skip

# Logit of each share at 1 (10^8 yuan) at mid-2025, its slope in log10 of revenue, and its rise a year.
ACTIVITY, INSTITUTION, OUTCOME = (0.52, 2.0, 0.36), (-1.55, 1.50, 0.32), (-1.20, 1.45, 0.32)
