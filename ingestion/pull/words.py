"""Why nothing could be pulled, in words, and how secrets are kept out of them.

Belongs here: the messages of refused pulls, reading a secret, hiding it. Does not belong here: finding out
that something is wrong (`postgres`, `http`, `folder`), wrong settings (`contract`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from urllib.parse import quote

_WORDS = {
    "secret_missing": (
        "环境变量 {env} 没有设置。请在运行环境中设置它，不要写进设置文件",
        "the environment variable {env} is not set; set it where the run is started, never in the settings",
    ),
    "secret_unreadable": (
        "环境变量 {env} 的内容不能用（内容不显示）。请检查写法",
        "what the environment variable {env} holds cannot be used (it is not shown); check how it is written",
    ),
    "source_down": (
        "连接不上或拒绝登录：{detail}。请核对地址、用户名和口令（{env}），或与对方系统管理员联系",
        "no connection, or the login was refused: {detail}; check address, user, password ({env})",
    ),
    "cut_off": (
        "传输中断：{detail}。已收到的部分不使用",
        "the transfer broke off: {detail}; the part that came is not used",
    ),
    "timeout": (
        "超过 {seconds} 秒仍未取完，已中止",
        "not finished after {seconds} s, given up",
    ),
    "no_permission": (
        "没有读取权限：{detail}。请让对方授予只读权限（{env}）",
        "no permission to read: {detail}; ask for read access ({env})",
    ),
    "query_failed": (
        "查询出错，可能是对方的表结构变了：{detail}",
        "the query failed, perhaps the tables have changed: {detail}",
    ),
    "query_writes": (
        "查询试图写入，而取数是只读的：{detail}",
        "the query tries to write, and a pull only reads: {detail}",
    ),
    "query_file": (
        "查询文件 {file} 不能读取",
        "the query's file {file} cannot be read",
    ),
    "missing_column": (
        "取到的数据缺少必需的列 {columns}，可能是对方的表结构变了",
        "what came lacks the required columns {columns}; perhaps the source's structure has changed",
    ),
    "column_gone": (
        "上次有的列这次没有了：{columns}。如果确实不再提供，请修改 [pull.{name}] 的设置（如写明各列）",
        "columns of last time are gone: {columns}; if that is right, change the settings of [pull.{name}]",
    ),
    "columns_twice": (
        "几列的含义相同：{columns}",
        "several columns mean the same: {columns}",
    ),
    "no_watermark": (
        "水位列 {column} 不在查询结果里，或者不是日期、时间类型",
        "the watermark {column} is not among the query's columns, or is no date and no time",
    ),
    "separator": (
        "列 {column} 的列表元素里含有分隔符（；、|），写成一格会分错",
        "a place of the list in {column} holds a separator (; or |) and would be split wrongly",
    ),
    "empty": (
        "一行也没有返回",
        "not a single row came back",
    ),
    "rejected": (
        "接口拒绝访问（HTTP {status}）。请核对令牌 {env}",
        "the interface denies access (HTTP {status}); check the token {env}",
    ),
    "http_status": (
        "第 {page} 页：接口返回 HTTP {status}",
        "page {page}: the interface answers HTTP {status}",
    ),
    "wait_too_long": (
        "接口要求等待 {seconds} 秒（HTTP {status}），下次运行再试",
        "the interface asks to wait {seconds} s (HTTP {status}); the next run tries again",
    ),
    "no_answer": (
        "第 {page} 页：连接失败或中断（{detail}）",
        "page {page}: no connection, or it broke off ({detail})",
    ),
    "too_slow": (
        "第 {page} 页：{seconds} 秒仍未传完",
        "page {page}: not there after {seconds} s",
    ),
    "too_large": (
        "第 {page} 页超过 {megabytes} MB。请调小 page_size",
        "page {page} is larger than {megabytes} MB; lower page_size",
    ),
    "redirected": (
        "接口转到了另一个地址（{host}），没有跟随，令牌也没有送去",
        "the interface redirects elsewhere ({host}); not followed, and no token was sent there",
    ),
    "web_page": (
        "第 {page} 页返回的是网页而不是数据，多半是登录页。请核对令牌 {env} 和地址",
        "page {page} is a web page and no data, likely a login page; check the token {env} and the address",
    ),
    "not_json": (
        "第 {page} 页不是有效的 JSON",
        "page {page} is not valid JSON",
    ),
    "no_such_path": (
        "第 {page} 页里没有 {path}，或者它不是{what_zh}",
        "page {page} has no {path}, or it is no {what_en}",
    ),
    "nested": (
        "字段 {field} 里还有一层。请在 [pull.{name}.columns] 中写明要取的字段，如 \"{field}.…\"",
        "the field {field} holds another level; name what you want in [pull.{name}.columns]: \"{field}.…\"",
    ),
    "half_page": (
        "第 {page} 页应有 {expected} 条，实有 {found} 条。不完整的数据不使用"
        "（若接口每页最多 {found} 条，请改 page_size）",
        "page {page} should have {expected} records and has {found}; incomplete data are not used "
        "(if {found} is the interface's most, set page_size)",
    ),
    "total_changed": (
        "取数过程中总数从 {before} 变成 {after}，不完整的数据不使用",
        "the total changed from {before} to {after} while the pages were read; incomplete data are not used",
    ),
    "repeated": (
        "有 {count} 条记录重复出现（{columns} 相同），说明页面重复或顺序变了；不完整的数据不使用",
        "{count} records came twice (same {columns}): pages were repeated or their order changed; not used",
    ),
    "order_changed": (
        "取完后再取第 {page} 页，内容已不同，说明取数过程中数据有变动；不完整的数据不使用",
        "asked again at the end, page {page} differs: the data moved while they were read; not used",
    ),
    "protocol_missing": (
        "不能打开 {protocol}:// 地址，缺少组件：{detail}",
        "{protocol}:// cannot be opened, a library is missing: {detail}",
    ),
    "folder_unreadable": (
        "文件夹不存在或不能读取（{detail}）",
        "the folder does not exist or cannot be read ({detail})",
    ),
    "no_match": (
        "没有符合 {pattern} 的文件",
        "no file matches {pattern}",
    ),
    "file_waits": (
        "有文件暂时不能读取，而这个来源须整批更新，本次都不读取：{files}",
        "some files cannot be read now, and this source is replaced as a whole, so none is taken: {files}",
    ),
}  # fmt: skip


class PullRefusedError(Exception):
    """Nothing was taken from the source; carries the reason in both languages."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code, self.zh, self.en = code, zh, en


def refused(code: str, hide: Iterable[str] = (), **facts: object) -> PullRefusedError:
    """The refusal, ready to be raised; none of what is to be hidden stands in it."""
    zh, en = (hidden(words.format(**facts), hide) for words in _WORDS[code])
    return PullRefusedError(f"pull_{code}", zh, en)


def secret(env: str) -> str:
    """A secret from the environment."""
    value = os.environ.get(env, "").strip()
    if not value:
        raise refused("secret_missing", env=env)
    return value


def hidden(text: str, secrets: Iterable[str]) -> str:
    """The text with each secret, as it is or as it stands in an address, replaced by asterisks."""
    forms = {form for one in secrets if one for form in (one, quote(one), quote(one, safe=""))}
    for form in sorted(forms, key=len, reverse=True):  # the longest first: one may be part of another
        text = text.replace(form, "***")
    return " ".join(text.split())
