"""How --help looks: within the width of the terminal, which a Chinese character takes two columns of.

Here: folding, headings in the language in use. Not here: what a command says of itself (its own module), errors (usage.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import click

from orchestration.messages import language, say

# What click writes in English into every help text.
_ZH = {"Options": "选项", "Commands": "命令"}
_ZH_EXTRAS = (
    (r"\[required\]", "[必填]"),
    (r"\[default: (.*?)\]", r"[默认：\1]"),
    (r"; required\]", "；必填]"),
)
# A line breaks at a space, or beside a Chinese character; but punctuation stays with what it ends or begins.
_PIECE = re.compile(
    r"\s+|[（“《【]*(?:[\u2e80-\u9fff\uac00-\ud7ff]|[^\s\u2e80-\u9fff\uff00-\uffef（“《【]+)[，。；：、！？）”》】…—]*|."
)
_CONTINUED = 4


def _columns(text: str) -> int:
    """The columns that a text takes; only help needs to know, and no other command waits for it."""
    from rich.cells import cell_len

    return cell_len(text)


class Formatter(click.HelpFormatter):
    """Click's help, measured in columns."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line of usage."""
        super().write_usage(prog, args, prefix or say("用法：", "Usage: "))

    def write_heading(self, heading: str) -> None:
        """The name of a section."""
        name = say(_ZH.get(heading, heading), heading)
        self.write(f"{'':>{self.current_indent}}{name}{say('：', ':')}\n")

    def write_text(self, text: str) -> None:
        """Paragraphs folded; those marked with \\b line by line, as the commands that they are."""
        room = self.width - self.current_indent
        for number, paragraph in enumerate(text.split("\n\n")):
            if number:
                self.write("\n")
            lines = paragraph.splitlines()
            as_it_stands = lines[:1] == ["\b"]
            folded = (
                [part for line in lines[1:] for part in fold_command(line, room)]
                if as_it_stands
                else fold(" ".join(lines), room)
            )
            for line in folded:
                self.write(f"{'':>{self.current_indent}}{line}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Options or commands, and what they are."""
        rows = list(rows)
        first = min(max((_columns(term) for term, _ in rows), default=0), col_max) + col_spacing
        margin = " " * self.current_indent
        for term, text in rows:
            described = fold(_in_chinese(text), self.width - self.current_indent - first)
            beside = _columns(term) <= first - col_spacing
            lines = described if not beside else described[1:]
            head = f"{term}{' ' * (first - _columns(term))}{described[0]}" if beside and described else term
            self.write(f"{margin}{head}\n")
            for line in lines:
                self.write(f"{margin}{' ' * first}{line}\n")


class Context(click.Context):
    """A context whose help is laid out so."""

    formatter_class = Formatter


def fold(text: str, width: int) -> list[str]:
    """A text in lines of at most so many columns."""
    lines, line = [], ""
    for piece in _PIECE.findall(text.strip()):
        if line and _columns((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()] if line.strip() else lines


def fold_command(line: str, width: int) -> list[str]:
    """A command that can be copied, continued on the next line before an option where it is too long."""
    return list(_continued(line, width))


def _continued(line: str, width: int) -> Iterator[str]:
    margin = len(line) - len(line.lstrip())
    while _columns(line) > width:
        breaks = [
            match.start() for match in re.finditer(r" (?=--)", line) if match.start() > margin + _CONTINUED
        ]
        fitting = [place for place in breaks if _columns(line[:place]) + 2 <= width]
        if not fitting:
            break
        yield f"{line[: fitting[-1]]} \\"
        line = " " * (margin + _CONTINUED) + line[fitting[-1] + 1 :]
    yield line


def _in_chinese(text: str) -> str:
    if language() == "zh":
        for english, chinese in _ZH_EXTRAS:
            text = re.sub(english, chinese, text)
    return text
