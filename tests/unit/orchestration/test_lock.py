"""F10: one run at a time; the dead hold nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration import lock
from orchestration.messages import Stop

_HOLDER = """
import sys, time
from pathlib import Path
from orchestration import lock
with lock.hold(Path(sys.argv[1])) as held:
    held.describe("r000042", "2026-11-23T06:00:00+08:00")
    print("held", flush=True)
    time.sleep(60)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", _HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_f10_the_second_run_is_told_which_run_holds_the_home_and_since_when(tmp_path: Path) -> None:
    path = tmp_path / "warehouse" / "lock"
    process = holder(path)
    try:
        assert lock.is_held(path)
        with pytest.raises(Stop) as stopped, lock.hold(path):
            pass
        assert stopped.value.exit_code == 4
        for message in (stopped.value.zh, stopped.value.en):
            assert "r000042" in message
            assert str(process.pid) in message
            assert "2026-11-23 06:00 +08:00" in message
    finally:
        process.kill()
        process.wait()


def test_f10_the_lock_of_a_killed_run_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    process = holder(path)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not lock.is_held(path)
    with lock.hold(path):
        assert lock.is_held(path)


def test_a_forked_helper_does_not_keep_the_lock_alive(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    born, tell_born = os.pipe()
    waits, let_go = os.pipe()
    with lock.hold(path):
        child = os.fork()
        if child == 0:
            os.write(tell_born, b"x")
            os.read(waits, 1)
            os._exit(0)
        os.read(born, 1)
    try:
        assert not lock.is_held(path)
    finally:
        os.write(let_go, b"x")
        os.waitpid(child, 0)


def test_a_home_without_a_lock_file_is_free(tmp_path: Path) -> None:
    assert not lock.is_held(tmp_path / "lock")
