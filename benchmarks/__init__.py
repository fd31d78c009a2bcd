"""How fast InnoStat is, and against what: `make bench`, or `python -m benchmarks --help`.

Here: measuring whole processes from outside. Not here: tests (a time is never asserted), anything that
InnoStat needs to run.
"""
