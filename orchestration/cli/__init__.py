"""The `innostat` command: its entry point, its list of commands, and how it ends.

Here: finding a command late (each is imported only when called), exit codes, errors in words.
Not here: what the commands do (one module each).
"""

from __future__ import annotations

import atexit
import importlib
import logging
import os
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import click

from orchestration.cli.common import Named, debug_option, lang_option
from orchestration.cli.usage import words
from orchestration.messages import Stop, language_of, say, speak

log = logging.getLogger("innostat")  # of a run: its log.txt

COMMANDS = (
    *("init", "sample", "template", "check", "run", "status", "links", "releases", "diff"),
    *("approve", "rollback", "freeze", "verify", "backup", "restore", "prune"),
    *("query", "explain", "ui"),
)


class _Late(Named):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"orchestration.cli.{cmd_name}").command
        return found


def main() -> None:
    """Run the command line and exit with 0, 1, 2, 3 or 4 (interface 1)."""
    arguments = sys.argv[1:]
    speak(language_of(arguments))
    if "--debug" not in arguments:
        sys.excepthook = _in_words
        sys.unraisablehook = _in_the_log
        logging.raiseExceptions = False  # of a log that can't be written, on a full disk
    code = _run(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    # Taking down what dagster and dbt have loaded takes a second and more, and frees nothing that lasts. What asked
    # to be told of the end is told: dbt's locks are named semaphores, which would else be called leaked.
    atexit._run_exitfuncs()
    os._exit(code)


def _run(arguments: list[str]) -> int:
    group = _Late(
        name="innostat",
        help=say(
            "InnoStat：从各部门送来的文件，到经过检查、不可更改的统计发布。",
            "InnoStat: from the files that providers send to a checked, immutable statistical release.",
        ),
        epilog=say("每个命令都有示例：innostat run --help", "Each command has examples: innostat run --help"),
        params=[lang_option(), debug_option()],
        options_metavar=say("[选项]", "[OPTIONS]"),
        subcommand_metavar=say("命令 [参数]...", "COMMAND [ARGS]..."),
    )
    try:
        result = group.main(arguments, prog_name="innostat", standalone_mode=False)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "innostat"
        zh, en = words(error)
        tell_end("wrong_usage", f"用法有误：{zh}", f"wrong usage: {en}", as_json="--json" in arguments)
        _tell(say(f"请看：{where} --help", f"see: {where} --help"))
        return 2
    except Stop as stop:
        tell_end(stop.code, stop.zh, stop.en, stop.details, as_json="--json" in arguments)
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        _tell(say("已取消。", "cancelled."))
        return 1
    return int(result or 0)


def tell_end(code: str, zh: str, en: str, details: Mapping[str, Any] | None = None, *, as_json: bool) -> None:
    """Say what ended a command; also on standard output where --json asks for it: no program should find nothing there."""
    if as_json:
        import json

        told = {"error": code, "zh": zh, "en": en, **(details or {})}
        print(json.dumps(told, ensure_ascii=False, indent=1), flush=True)
    _tell(say(zh, en))


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _in_the_log(found: sys.UnraisableHookArgs) -> None:
    """An error inside a callback, which Python can hand on to nobody: Ctrl-C may come there. What follows says its own."""
    log.info("%s in %r", found.err_msg or "ignored", found.object, exc_info=found.exc_value)


def _in_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What a person sees of an error that nobody foresaw; the run's log has the rest. Python exits with 1."""
    if isinstance(error, BrokenPipeError):
        # The reader (head, less) has gone; the interpreter must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    zh, en = getattr(error, "zh", None), getattr(error, "en", None)
    if zh and en:
        tell_end(getattr(error, "code", kind.__name__), zh, en, as_json="--json" in sys.argv)
        return
    if isinstance(error, OSError) and error.filename is not None:
        tell_end(
            "file_unusable",
            f"无法读写 {error.filename}（{error.strerror}）。请检查它是文件还是文件夹、权限和磁盘空间；现行发布不变。",
            f"cannot read or write {error.filename} ({error.strerror}). Is it a file or a folder as it should be? "
            "Check its rights and the free space; the current release stands.",
            as_json="--json" in sys.argv,
        )
        return
    zh, en = f"意外错误：{error}（{kind.__name__}）", f"unexpected error: {error} ({kind.__name__})"
    tell_end("unexpected", zh, en, as_json="--json" in sys.argv)
    _tell(
        say(
            "现行发布不变。详情见 runs/ 下最近一次运行的 log.txt，或加 --debug 重新执行。",
            "The current release stands. See the latest run's log.txt under runs/, or add --debug.",
        )
    )
