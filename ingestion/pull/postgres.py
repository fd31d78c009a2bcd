"""A query on a PostgreSQL database, streamed into a CSV file by COPY.

Belongs here: the connection and its limits, the statement around the query, what the server's errors mean.
Does not belong here: what the rows mean, whether they are news (`spool`).

One snapshot (repeatable read, read only) serves every question of a pull, so that mark and rows fit
together. The same rows always give the same bytes: sorted by key and then by the whole row, by bytes and
not by a locale, with dates and numbers written in one way.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict

from ingestion.contract import Source
from ingestion.inbox import InboxFile, Problem
from ingestion.pull.contract import Postgres, Pull
from ingestion.pull.spool import Spool, sidecar_text
from ingestion.pull.titles import canonical, identity
from ingestion.pull.words import PullRefusedError, refused, secret

CONNECT_SECONDS = 15
# A server that hangs cannot keep its own time limit: so many seconds past it the connection is cut here.
GRACE_SECONDS = 5
# Nobody answers any more: found out by the system after about a minute.
_ALIVE: dict[str, Any] = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_SESSION = {
    "TimeZone": "Asia/Shanghai",
    "DateStyle": "ISO, YMD",
    "extra_float_digits": "1",
    "lock_timeout": "30s",
}
_TIMES = {"date": "timestamp", "timestamp": "timestamp", "timestamptz": "timestamptz"}
_ROWS = sql.Identifier("pulled rows")

_Block = bytes | bytearray | memoryview
_Columns = Sequence[tuple[str, str]]  # the query's columns: name and type


def bring(spool: Spool, pull: Pull, source: Source) -> tuple[list[InboxFile], list[Problem]]:
    """Fetch what the query gives, or what has moved since the last pull, and stage it if it is news."""
    assert isinstance(pull, Postgres)
    dsn = secret(pull.dsn_env)
    try:
        hide = [dsn, str(conninfo_to_dict(dsn).get("password") or "")]
    except psycopg.Error:
        raise refused("secret_unreadable", env=pull.dsn_env) from None
    hide.append(os.environ.get("PGPASSWORD", ""))
    query = spool.query().strip().rstrip(";")
    with _in_words(pull, hide, "source_down"):
        connection = _connect(dsn)
    deadline = _no_longer_than(pull.timeout + GRACE_SECONDS, connection)
    with closing(connection), _in_words(pull, hide, "cut_off"), deadline:
        return _bring(connection, spool, pull, source, query), []


def _connect(dsn: str) -> psycopg.Connection:
    connection = psycopg.connect(
        dsn, connect_timeout=CONNECT_SECONDS, client_encoding="UTF8", application_name="innostat", **_ALIVE
    )
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    return connection


def _bring(
    connection: psycopg.Connection, spool: Spool, pull: Postgres, source: Source, query: str
) -> list[InboxFile]:
    limits = _SESSION | {"statement_timeout": f"{pull.timeout}s"}
    for name, value in limits.items():
        connection.execute("SELECT set_config(%s, %s, true)", (name, value))
    # The query is a setting, SQL by its nature; the server prepares one statement only, and it may only read.
    asked = sql.SQL("(\n{}\n) AS q").format(sql.SQL(query))
    columns = _describe(connection, asked)
    titles = canonical(source, [name for name, _ in columns], pull.constants)
    spool.check_columns(titles)
    shown = [_shown(source, title, *column) for title, column in zip(titles, columns, strict=True)]
    order = [title for title in identity(source) if title in titles]
    _check_lists(connection, asked, columns)

    mark: dict[str, str] | None = None
    window: sql.Composable = sql.SQL("true")
    if pull.watermark:
        window = _since(pull, columns, spool.mark["watermark"]) if spool.mark else window
    rows = _rows(shown, asked, window, order)
    with spool.new_file().open("wb") as file:
        file.write((",".join(map(_quoted, titles)) + "\n").encode())
        digest, count = _copy(connection, rows, file.write)
    if pull.watermark:
        mark = _mark(connection, pull, columns, asked, lambda since: _rows(shown, asked, since, order))
        if count == 0 or (spool.mark and spool.mark["tail"] == digest):
            spool.new_file().unlink()
            return []
    elif count == 0:
        raise refused("empty")
    mode = pull.mode or ("upsert" if pull.watermark else "")
    return spool.keep(sidecar_text(source, mode=mode, unit=pull.unit, constants=dict(pull.constants)), mark)


def _describe(connection: psycopg.Connection, asked: sql.Composable) -> _Columns:
    found = connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(asked), prepare=True)
    assert found.description is not None
    names = {one.oid: one.name for one in connection.adapters.types}
    arrays = {one.array_oid: f"{one.name}[]" for one in connection.adapters.types if one.array_oid}
    return [(one.name, (names | arrays).get(one.type_code, "")) for one in found.description]


def _shown(source: Source, title: str, name: str, kind: str) -> sql.Composable:
    """A column as text that our rules read: true and not t, exact numbers, the day of an instant."""
    cell: sql.Composable = sql.Identifier(name)
    column = source.columns.get(title)
    if kind == "bool":
        cell = sql.SQL("{}::text").format(cell)
    elif kind in ("float4", "float8"):
        cell = sql.SQL("{}::text::numeric").format(cell)  # straight to numeric would round to 15 digits
    elif kind == "money":
        cell = sql.SQL("{}::numeric").format(cell)
    elif kind.endswith("[]"):
        cell = sql.SQL("array_to_string({}, '；', '')").format(cell)
    elif kind in ("timestamp", "timestamptz") and column is not None and column.type in ("date", "month"):
        cell = sql.SQL("{}::date").format(cell)
    return sql.SQL("{} AS {}").format(cell, sql.Identifier(title))


def _rows(
    shown: Sequence[sql.Composable], asked: sql.Composable, window: sql.Composable, order: Sequence[str]
) -> sql.Composable:
    by = [sql.SQL('{}.{}::text COLLATE "C"').format(_ROWS, sql.Identifier(name)) for name in order]
    by.append(sql.SQL('{}::text COLLATE "C"').format(_ROWS))
    return sql.SQL("SELECT * FROM (SELECT {} FROM {} WHERE {}) AS {} ORDER BY {}").format(
        sql.SQL(", ").join(shown), asked, window, _ROWS, sql.SQL(", ").join(by)
    )


def _copy(
    connection: psycopg.Connection, rows: sql.Composable, write: Callable[[_Block], object]
) -> tuple[str, int]:
    """Hash and number of the rows; the server ends a COPY with their number only if it sent them all."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        with cursor.copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(rows)) as copy:
            for block in copy:
                digest.update(block)
                write(block)
        return digest.hexdigest(), cursor.rowcount


def _check_lists(connection: psycopg.Connection, asked: sql.Composable, columns: _Columns) -> None:
    for name, kind in columns:
        if kind.endswith("[]"):
            found = connection.execute(
                sql.SQL(
                    "SELECT 1 FROM {}, unnest({}) AS place WHERE place::text ~ '[；;、|]' LIMIT 1"
                ).format(asked, sql.Identifier(name))
            )
            if found.fetchone():
                raise refused("separator", column=name)


def _since(pull: Postgres, columns: _Columns, watermark: str) -> sql.Composable:
    """From the watermark on, looking back by the overlap; what has no time is always among it."""
    kind = _time_type(pull, columns)
    column = sql.Identifier(pull.watermark)
    return sql.SQL("({column} >= {low}::{kind} - {overlap}::interval OR {column} IS NULL)").format(
        column=column, low=sql.Literal(watermark), kind=sql.SQL(kind), overlap=sql.Literal(pull.overlap)
    )


def _mark(
    connection: psycopg.Connection,
    pull: Postgres,
    columns: _Columns,
    asked: sql.Composable,
    rows: Callable[[sql.Composable], sql.Composable],
) -> dict[str, str] | None:
    """How far this pull came, and the hash of what the next one will see if nothing moves until then.

    A time that lies ahead, a mistake or "infinity", sets no mark: rows of today would lie below it for ever.
    """
    kind = _time_type(pull, columns)
    found = connection.execute(
        sql.SQL("SELECT max({column})::text FROM {asked} WHERE {column} <= now()::{kind}").format(
            column=sql.Identifier(pull.watermark), asked=asked, kind=sql.SQL(kind)
        )
    ).fetchone()
    if found is None or found[0] is None:
        return None
    digest, _ = _copy(connection, rows(_since(pull, columns, found[0])), lambda block: None)
    return {"watermark": found[0], "tail": digest}


def _time_type(pull: Postgres, columns: _Columns) -> str:
    kind = dict(columns).get(pull.watermark, "")
    if kind not in _TIMES:
        raise refused("no_watermark", column=pull.watermark)
    return "timestamptz" if kind == "timestamptz" else "timestamp"


def _quoted(title: str) -> str:
    return '"' + title.replace('"', '""') + '"' if any(mark in title for mark in ',"\n\r') else title


@contextmanager
def _no_longer_than(seconds: float, connection: psycopg.Connection) -> Iterator[None]:
    """Cut the connection after so many seconds: a server that was stopped neither answers nor times out."""

    def cut() -> None:
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)  # suppressed: it was closed in this very moment

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _in_words(pull: Postgres, hide: Sequence[str], broken: str) -> Iterator[None]:
    """The server's errors as refusals, raised outside their handlers: the originals' frames hold the DSN."""
    reason: PullRefusedError
    try:
        yield
        return
    except errors.QueryCanceled:
        reason = refused("timeout", seconds=pull.timeout)
    except errors.LockNotAvailable as error:
        reason = refused("cut_off", hide, detail=_said(error))
    except errors.ReadOnlySqlTransaction as error:
        reason = refused("query_writes", hide, detail=_said(error))
    except errors.InsufficientPrivilege as error:
        reason = refused("no_permission", hide, detail=_said(error), env=pull.dsn_env)
    except psycopg.OperationalError as error:
        reason = refused(broken, hide, detail=_said(error), env=pull.dsn_env)
    except psycopg.Error as error:
        reason = refused("query_failed", hide, detail=_said(error))
    raise reason


def _said(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error).partition("\n")[0] or type(error).__name__
