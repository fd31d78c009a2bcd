"""What is wrong with how a command was called, in both languages.

Here: click's own errors in Chinese, and an error that says both by itself. Not here: exit codes (cli), the layout of
--help (layout.py).
"""

from __future__ import annotations

import difflib
import re

import click

# What click says of a value, and the same in Chinese.
_VALUES = (
    (r"'(.*)' is not a valid (?:integer|integer range)\.", "“{}”不是整数"),
    (r"(.*) is not in the range (.*)\.", "{} 不在范围 {} 内"),
    (r"'(.*)' is not (?:one of )?(.*)\.", "“{}”不是可选的值，可选：{}"),
    (r"\w+ '(.*)' does not exist\.", "“{}”不存在"),
    (r"\w+ '(.*)' is a file\.", "“{}”是文件，应为文件夹"),
    (r"\w+ '(.*)' is a directory\.", "“{}”是文件夹，应为文件"),
    (r"\w+ '(.*)' is not readable\.", "“{}”无法读取"),
    (r"\w+ '(.*)' is not writable\.", "“{}”无法写入"),
    (r"Option '?(.*?)'? requires an argument\.", "选项 {} 后面要有一个值"),
    (r"Option '?(.*?)'? requires (\d+) arguments\.", "选项 {} 后面要有 {} 个值"),
    (r"Option '?(.*?)'? does not take a value\.", "选项 {} 不带值"),
    (r"Got unexpected extra arguments? \((.*)\)\.?", "多出的参数：{}"),
    (r"Argument '(.*)' takes (\d+) values\.", "参数 {} 要有 {} 个值"),
    (r"Missing command\.", "缺少命令"),
)


class BothError(click.UsageError):
    """Wrong usage that says in both languages what is wrong."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class BadValueError(click.BadParameter):
    """A value that can't be, in both languages; click adds whose it is."""

    def __init__(
        self, zh: str, en: str, param: click.Parameter | None = None, ctx: click.Context | None = None
    ) -> None:
        super().__init__(en, ctx=ctx, param=param)
        self.zh, self.en = zh, en


def words(error: click.UsageError) -> tuple[str, str]:
    """What is wrong, in Chinese and English."""
    if isinstance(error, BothError):
        return error.zh, error.en
    if isinstance(error, click.MissingParameter):
        return f"缺少{_whose(error)}", error.format_message()
    if isinstance(error, click.BadParameter):
        zh = error.zh if isinstance(error, BadValueError) else _value(error.message)
        return f"{_whose(error)}的值有误：{zh}", error.format_message()
    if isinstance(error, click.NoSuchOption):
        return _unknown("选项", "option", error.option_name, error.possibilities or [])
    return _value(error.message), error.format_message()


def unknown_command(name: str, known: list[str]) -> BothError:
    """There is no such command; perhaps another was meant."""
    return BothError(*_unknown("命令", "command", name, difflib.get_close_matches(name, known)))


def _unknown(zh: str, en: str, name: str, near: list[str]) -> tuple[str, str]:
    meant = sorted(near)
    hint_zh = f"；是否指 {'、'.join(meant)}？" if meant else "。"
    hint_en = f"; did you mean {', '.join(meant)}?" if meant else "."
    return f"没有{zh} {name}{hint_zh}", f"there is no {en} {name}{hint_en}"


def _whose(error: click.BadParameter) -> str:
    name = error.param.get_error_hint(error.ctx) if error.param and error.ctx else error.param_hint
    kind = "参数" if isinstance(error.param, click.Argument) else "选项"
    return f"{kind} {str(name or '').replace(chr(39), '')} ".replace("  ", " ")


def _value(message: str) -> str:
    for english, chinese in _VALUES:
        if match := re.fullmatch(english, message, re.DOTALL):
            return chinese.format(*(part.replace("', '", "、").strip("'") for part in match.groups()))
    return message
