"""What every command shares: its options, its help with examples, JSON output.

Here: the decorator that makes a command. Not here: any command.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from orchestration.cli.layout import Context
from orchestration.cli.usage import BadValueError, BothError, unknown_command
from orchestration.messages import Stop, say

if TYPE_CHECKING:
    from ingestion.contract import Source


class Helpful(click.Command):
    """Its --help explains itself in the language in use, within the width of the terminal."""

    context_class = Context

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """--help, in the language in use."""
        option = super().get_help_option(ctx)
        if option:
            option.help = say("显示本帮助", "Show this help")
        return option


class Named(Helpful, click.Group):
    """A group that knows which command was meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named first; a name that none has is wrong usage."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise unknown_command(args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)


class Date(click.ParamType[date]):
    """A date such as 2026-11-23."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """A date, or a word about what is none."""
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise BadValueError(
                f"“{value}”不是 2026-11-23 这样的日期", f"'{value}' is no date like 2026-11-23", param, ctx
            ) from None


class Words(click.ParamType[str]):
    """A text that says something, on one line: who, or why."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text with its white space made single spaces."""
        words = " ".join(str(value).split())
        if not words:
            raise BadValueError("不能为空", "must not be blank", param, ctx)
        return words


def signed(function: Callable[..., int]) -> Callable[..., int]:
    """Add --by and --reason: an act on releases is somebody's, for a reason, and both are kept."""
    by = click.option(
        "--by", required=True, type=Words(), metavar=say("姓名", "WHO"), help=say("由谁决定", "Who decides")
    )
    reason = click.option(
        "--reason", required=True, type=Words(), metavar=say("理由", "TEXT"), help=say("为什么", "Why")
    )
    return by(reason(function))


def lang_option() -> click.Option:
    """The language; `language_of` has read it before click does."""
    return click.Option(
        ["--lang"],
        type=click.Choice(["zh", "en"]),
        expose_value=False,
        help=say("界面语言（否则按系统语言）", "Language of messages (else the locale's)"),
    )


def debug_option() -> click.Option:
    """Errors as developers want them."""
    return click.Option(
        ["--debug"],
        is_flag=True,
        expose_value=False,
        help=say("出错时显示完整追踪", "Show tracebacks of errors"),
    )


def command(
    name: str, zh: str, en: str, examples: tuple[str, ...], with_json: bool = False
) -> Callable[[Callable[..., int]], click.Command]:
    """Make a function a command with --home, --lang, --debug and, where it prints a result, --json."""
    shown = "\n".join(f"  innostat {example}" for example in examples)
    epilog = f"\b\n{say('示例：', 'Examples:')}\n{shown}"

    def make(function: Callable[..., int]) -> click.Command:
        options = [
            click.option(
                "--home",
                type=click.Path(path_type=Path),
                envvar="INNOSTAT_HOME",
                default=Path("home"),
                metavar=say("目录", "DIR"),
                help=say(
                    "数据目录（否则 INNOSTAT_HOME，否则 ./home）",
                    "The data home (else INNOSTAT_HOME, else ./home)",
                ),
            ),
        ]
        if with_json:
            options.append(
                click.option(
                    "--json", "as_json", is_flag=True, help=say("以 JSON 输出结果", "The result as JSON")
                )
            )
        for option in options:
            function = option(function)
        made = click.command(
            name, cls=Helpful, help=say(zh, en), epilog=epilog, options_metavar=say("[选项]", "[OPTIONS]")
        )(function)

        made.params += [lang_option(), debug_option()]
        return made

    return make


class _Group(Named):
    """A command with commands below it; called alone it does its own work."""

    def command_of(self, *words: Any, **more: Any) -> Callable[[Callable[..., int]], click.Command]:
        """Make a function a command below this one, with the words that `command` takes."""

        def make(function: Callable[..., int]) -> click.Command:
            below = command(*words, **more)(function)
            self.add_command(below)
            return below

        return make


def group(
    name: str, zh: str, en: str, examples: tuple[str, ...], with_json: bool = False
) -> Callable[[Callable[..., int]], _Group]:
    """Like `command`, for one that has commands below it; those have options of their own."""

    def make(function: Callable[..., int]) -> _Group:
        alone = command(name, zh, en, examples, with_json)(function)

        @click.pass_context
        def unless_below(ctx: click.Context, /, **given: Any) -> int:
            if ctx.invoked_subcommand is None:
                return int(ctx.invoke(function, **given))
            said = [
                option.opts[0]
                for option in ctx.command.params
                if option.expose_value
                and ctx.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
            ]
            if said:
                options = ", ".join(said)
                raise BothError(
                    f"{options} 请写在 {ctx.invoked_subcommand} 之后",
                    f"write {options} after {ctx.invoked_subcommand}",
                )
            return 0

        return _Group(
            name,
            callback=unless_below,
            params=alone.params,
            help=alone.help,
            epilog=alone.epilog,
            invoke_without_command=True,
            subcommand_metavar=f"[{say('子命令', 'COMMAND')} ...]",
        )

    return make


def contract_of(source: str) -> Source:
    """The contract of a source, or a word on which sources there are."""
    from ingestion.contract import load_contracts

    contracts = load_contracts()
    if source not in contracts:
        known = "\n".join(f"  {name}" for name in contracts)
        raise Stop(
            2,
            "unknown_source",
            f"没有来源“{source}”。可用的来源：\n{known}",
            f"no source '{source}'. Known:\n{known}",
        )
    return contracts[source]


def refuse_no_folder(path: Path) -> None:
    """Before any work: a file of the user's needs a folder that is there."""
    if not path.absolute().parent.is_dir():
        raise Stop(
            2,
            "no_such_folder",
            f"不能写到 {path}：文件夹 {path.parent} 不存在。请先建立，或写到别处。",
            f"cannot write {path}: there is no folder {path.parent}. Make it, or choose another place.",
        )


def write_for_user(path: Path, content: bytes) -> None:
    """Write a file where the user asked for it, or say why not."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Stop(
            2,
            "file_not_written",
            f"无法写入 {path}（{error.strerror}）。请检查权限和磁盘空间，或写到别处。",
            f"cannot write {path} ({error.strerror}). Check its rights and the free space, or choose another place.",
        ) from error


def print_json(result: Any) -> None:
    """The result for programs, on standard output."""
    click.echo(json.dumps(result, ensure_ascii=False, indent=1, default=str))
