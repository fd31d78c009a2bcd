"""Dagster wiring and the command line: the thin layer that runs the other packages in order.

Here: the data home, settings, the run's lock and record, the stages, the asset graph, the commands.
Not here: how a file is read (ingestion), what a figure means (dbt_project), whether it may go out
(quality), what a release consists of (publication). Nothing imports this package.
"""
