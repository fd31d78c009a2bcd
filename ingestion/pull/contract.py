"""What `[pull.<name>]` in innostat.toml may say: one dataclass a kind, and the words for a wrong table.

Belongs here: names, types and bounds of these settings. Does not belong here: secrets (they come from the
environment, only their variables' names stand here), pulling itself. Standard library only: every command
reads the settings.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

_SOURCES = Path(__file__).parents[1] / "sources"
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNITS = ("元", "千元", "万元", "百万元", "亿元")
# memory: what other code of this process has put there; it serves tests.
PROTOCOLS = ("file", "s3", "memory")


class PullSettingsError(ValueError):
    """A `[pull]` table that cannot be meant; every offender in both languages."""

    def __init__(self, offenders: list[tuple[str, str]]) -> None:
        self.zh = "；".join(zh for zh, _ in sorted(offenders))
        self.en = "; ".join(en for _, en in sorted(offenders))
        super().__init__(f"{self.zh} | {self.en}")


@dataclass(frozen=True, kw_only=True)
class Pull:
    """A place from which a source's data are fetched."""

    kind: ClassVar[str]
    source: str
    timeout: int = 1800  # seconds for the whole pull

    def offenders(self) -> list[tuple[str, str]]:
        """What is wrong beyond the types, in both languages."""
        wrong = []
        if not re.fullmatch(r"\w+", self.source) or not (_SOURCES / f"{self.source}.yml").is_file():
            wrong.append((f"没有来源 {self.source}", f"there is no source {self.source}"))
        if self.timeout < 1:
            wrong.append(("timeout 至少 1 秒", "timeout must be at least 1 second"))
        for name in ("dsn_env", "token_env"):
            if (env := getattr(self, name, "")) and not _ENV.fullmatch(env):
                # It may be the secret itself: it is not repeated.
                wrong.append(
                    (f"{name} 应是环境变量的名称", f"{name} must be the name of an environment variable")
                )
        return wrong


@dataclass(frozen=True, kw_only=True)
class _Table(Pull):
    """A pull that comes as rows and is kept as one CSV file."""

    unit: str = ""  # of all money columns that do not say theirs
    mode: str = ""  # full or upsert; else as the source's contract says
    constants: Mapping[str, str | int] = field(default_factory=dict)

    def offenders(self) -> list[tuple[str, str]]:
        wrong = super().offenders()
        if self.unit and self.unit not in _UNITS:
            wrong.append((f"unit 只能是 {'、'.join(_UNITS)}", f"unit must be one of {', '.join(_UNITS)}"))
        if self.mode not in ("", "full", "upsert"):
            wrong.append(("mode 只能是 full 或 upsert", "mode must be full or upsert"))
        return wrong


@dataclass(frozen=True, kw_only=True)
class Postgres(_Table):
    """Rows of a query, as a whole or from a watermark on."""

    kind = "postgres"
    dsn_env: str
    query: str = ""
    query_file: str = ""  # below the data home
    watermark: str = ""  # a date or time column of the query that moves whenever a row changes
    # How far back a pull by watermark looks again: a row written by a long transaction appears late.
    overlap: str = "1 day"

    def offenders(self) -> list[tuple[str, str]]:
        """What is wrong beyond the types."""
        wrong = super().offenders()
        if bool(self.query.strip()) == bool(self.query_file):
            wrong.append(("query 和 query_file 须写且只写一项", "give either query or query_file"))
        if self.watermark and self.mode == "full":
            wrong.append(("有 watermark 时 mode 不能是 full", "with a watermark, mode cannot be full"))
        if not re.fullmatch(r"\d+ (minute|hour|day|week)s?", self.overlap):
            wrong.append(('overlap 写法如 "1 day"', 'overlap is written like "1 day"'))
        return wrong


@dataclass(frozen=True, kw_only=True)
class Http(_Table):
    """The records of a paged interface that answers in JSON."""

    kind = "http"
    url: str
    token_env: str = ""
    token_header: str = "Authorization"  # of any other header the token is the whole value
    params: Mapping[str, str | int] = field(default_factory=dict)  # that go with every page
    page: str = ""  # the parameter that counts pages, or
    offset: str = ""  # the parameter that counts records
    first_page: int = 1
    size: str = "size"  # the parameter for the records of a page
    page_size: int = 500
    records: str = (
        "data"  # where in the answer the records stand: names joined by dots; "" = the answer itself
    )
    total: str = "total"  # where in the answer the number of all records stands
    columns: Mapping[str, str] = field(default_factory=dict)  # title → field, names joined by dots
    id: str = ""  # the field that tells records apart; else the key of the contract does

    def offenders(self) -> list[tuple[str, str]]:
        """What is wrong beyond the types."""
        wrong = super().offenders()
        address = urlsplit(self.url)
        if address.scheme not in ("http", "https") or not address.hostname:
            wrong.append(("url 应以 http:// 或 https:// 开头", "url must begin with http:// or https://"))
        if address.username or address.password:
            wrong.append(
                ("url 里不能写用户名和口令，请用 token_env", "no user or password in the url: use token_env")
            )
        if self.token_env and address.scheme == "http" and address.hostname not in _LOOPBACK:
            wrong.append(("令牌只能经 https 发送", "a token is only sent over https"))
        if bool(self.page) == bool(self.offset):
            wrong.append(("page 和 offset 须写且只写一项", "give either page or offset"))
        if not self.total:
            wrong.append(
                (
                    "total 不能为空：没有总数就不能证明取全",
                    "total is needed: without it nothing proves that all came",
                )
            )
        if self.page_size < 1:
            wrong.append(("page_size 至少为 1", "page_size must be at least 1"))
        return wrong


@dataclass(frozen=True, kw_only=True)
class Folder(Pull):
    """Files of a folder elsewhere, each a delivery with its sidecar, as if it lay in the inbox."""

    kind = "folder"
    url: str
    pattern: str = "*"

    def offenders(self) -> list[tuple[str, str]]:
        """What is wrong beyond the types."""
        wrong = super().offenders()
        address = urlsplit(self.url)
        if address.scheme not in PROTOCOLS or "::" in self.url:
            known = "、".join(f"{one}://" for one in PROTOCOLS[:2])
            wrong.append((f"url 应以 {known} 开头", f"url must begin with {known.replace('、', ' or ')}"))
        if "@" in address.netloc:
            wrong.append(
                ("url 里不能写口令，请用环境变量", "no password in the url: it comes from the environment")
            )
        return wrong


_KINDS: dict[str, type[Pull]] = {one.kind: one for one in (Postgres, Http, Folder)}


def pulls_from_settings(table: object) -> dict[str, Pull]:
    """The pulls of a settings table, or PullSettingsError with every offender."""
    if not isinstance(table, Mapping):
        raise PullSettingsError([("[pull] 应为一节", "[pull] should be a section")])
    offenders: list[tuple[str, str]] = []
    pulls: dict[str, Pull] = {}
    for name, entry in table.items():
        pull, wrong = _pull(name, entry)
        offenders += [(f"[pull.{name}] {zh}", f"[pull.{name}] {en}") for zh, en in wrong]
        if pull is not None:
            pulls[name] = pull
    if offenders:
        raise PullSettingsError(offenders)
    return pulls


def pulls_as_settings(pulls: Mapping[str, Pull]) -> dict[str, Any]:
    """The tables back, every setting named: what pulls_from_settings reads."""
    return {name: {"kind": pull.kind, **asdict(pull)} for name, pull in pulls.items()}


def _pull(name: str, entry: object) -> tuple[Pull | None, list[tuple[str, str]]]:
    if not re.fullmatch(r"\w{1,60}", name):
        return None, [
            ("名称只能用文字、数字和下划线", "the name may hold letters, digits and underscores only")
        ]
    if not isinstance(entry, Mapping):
        return None, [("应为一节", "should be a section")]
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        known = ", ".join(_KINDS)
        return None, [(f"kind 只能是 {known}", f"kind must be one of {known}")]
    model = _KINDS[kind]
    hints = get_type_hints(model)
    settings = {one.name: one for one in fields(model)}
    wrong: list[tuple[str, str]] = []
    for key in sorted(entry.keys() - settings.keys() - {"kind"}):
        wrong.append(
            (
                f"没有设置 {key}（可用：{'、'.join(settings)}）",
                f"there is no setting {key} (known: {', '.join(settings)})",
            )
        )
    for key, one in settings.items():
        if key not in entry:
            if one.default is MISSING and one.default_factory is MISSING:
                wrong.append((f"缺少 {key}", f"{key} is missing"))
        elif not _fits(entry[key], hints[key]):
            wrong.append(
                (f"{key} 的类型不对", f"{key} has the wrong type")
            )  # the value may be a secret: not shown
    if wrong:
        return None, wrong
    pull = model(**{key: value for key, value in entry.items() if key != "kind"})
    return pull, pull.offenders()


def _fits(value: object, hint: Any) -> bool:
    if get_origin(hint) is types.UnionType:
        return any(_fits(value, one) for one in get_args(hint))
    if get_args(hint):  # a mapping of texts
        return isinstance(value, Mapping) and all(_fits(one, get_args(hint)[1]) for one in value.values())
    return isinstance(value, hint) and not isinstance(value, bool)
