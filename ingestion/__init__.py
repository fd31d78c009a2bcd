"""From the outside world to settled rows: contracts, raw copies, typed rows, what holds at a date.

Not here: statistics (dbt_project), checks (quality), anything of the orchestrator.
"""
