"""The yardstick of `make bench`; see __main__.py. Not here: anything that InnoStat imports."""
