"""`innostat ui`: Dagster's web page and daemon on this home."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from orchestration.cli.common import command as make
from orchestration.environment import PROJECT_ROOT, prepare
from orchestration.home import open_home, preflight
from orchestration.messages import say


@make(
    "ui",
    "启动 Dagster 网页和后台服务：每日定时与收件夹监测均开启。按 Ctrl-C 结束。",
    "Start Dagster's web page and daemon: the daily schedule and the inbox sensor are on. Ctrl-C ends it.",
    ("ui", "ui --port 3333", "ui --host 0.0.0.0"),
)
@click.option("--host", default="127.0.0.1", show_default=True, help=say("监听地址", "Address to listen on"))
@click.option(
    "--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help=say("端口", "Port")
)
def command(home: Path, host: str, port: int) -> int:
    """Become `dagster dev` for this home."""
    opened = open_home(home)
    preflight(opened)
    prepare(opened)
    click.echo(say(f"http://{host}:{port}  （Ctrl-C 结束）", f"http://{host}:{port}  (Ctrl-C ends it)"))
    sys.stdout.flush()
    arguments = [
        "-m",
        "dagster",
        "dev",
        "-m",
        "orchestration.definitions",
        "-h",
        host,
        "-p",
        str(port),
        "--log-level",
        "warning",
    ]
    os.chdir(PROJECT_ROOT)
    os.execv(sys.executable, [sys.executable, *arguments])
