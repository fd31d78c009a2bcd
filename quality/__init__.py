"""Whether a build may be published: checks as data, the evidence they leave, the verdict, disclosure control.

What belongs here: asking questions of a finished build, recording the answers, deciding by them, and making
the part of the tables that may be handed out. What does not: statistics (dbt_project), how data came in
(ingestion), how a run is ordered (orchestration), writing a release (publication). Nothing here imports any
of them.
"""
