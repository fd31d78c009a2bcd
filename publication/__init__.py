"""From a checked build to an immutable release: exports, manifest, the atomic switch, and reading a release.

What belongs here: copying the published tables out of a build, the files people open (CSV, Parquet, XLSX),
the release directory and its hashes, read-only SQL over a release. What does not: statistics (dbt_project),
checks, the verdict and disclosure control (quality), the order of a run and its messages (orchestration).
"""
