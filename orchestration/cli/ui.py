"""`innostat ui`: Dagster's web page and daemon on this home."""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path

import click

from orchestration.cli.common import command as make
from orchestration.environment import PROJECT_ROOT, prepare
from orchestration.home import open_home, preflight
from orchestration.messages import Stop, say


def _refuse_used(host: str, port: int) -> None:
    """Dagster says that a port is taken after a quarter of a minute, in its own words, and goes on waiting."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the web page's own does
            probe.bind(address)
            probe.listen()
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        raise Stop(
            2,
            "port_taken" if taken else "address_unusable",
            f"端口 {port} 已被占用（可能另一个 innostat ui 正在运行）：http://{host}:{port}。请用 --port 另选端口。"
            if taken
            else f"不能在 {host}:{port} 上监听（{error.strerror}）。请用 --host、--port 另选。",
            f"port {port} is taken, perhaps by another innostat ui: http://{host}:{port}. Choose another with --port."
            if taken
            else f"cannot listen on {host}:{port} ({error.strerror}). Choose others with --host and --port.",
        ) from error


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
    _refuse_used(host, port)
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
