"""What publication refuses, in words a user can act on.

Not here: programming errors, which stay ordinary exceptions.
"""

from __future__ import annotations


class PublicationError(Exception):
    """A refusal: a stable code and, in each language, what is wrong, where, and what to do."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(f"{code}: {zh} | {en}")
        self.code = code
        self.zh = zh
        self.en = en


class CatalogueError(PublicationError):
    """The published tables and their descriptions do not fit what the build holds."""


class CandidateError(PublicationError):
    """A candidate could not be written whole."""


class ReleaseError(PublicationError):
    """The releases of a home are not as they should be, or a candidate may not become one."""


class QueryError(PublicationError):
    """A query that is not allowed, fails, or takes more than it may."""


class ExplainError(PublicationError):
    """A figure that the release doesn't have, or that the reader may not see."""
