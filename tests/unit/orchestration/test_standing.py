"""F60, F61: which release stands, told by every command; a damaged one is not built upon, a lost pointer is no first run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from orchestration import cli, messages, records
from orchestration.approvals import rollback
from orchestration.home import Home
from orchestration.messages import Stop
from orchestration.news import look
from orchestration.records import Record
from orchestration.recovery import recover
from orchestration.settings import Settings
from orchestration.standing import last_stood, refuse_damaged, standing
from orchestration.verification import verify
from tests.unit.orchestration.test_approvals import DAY, R1, R2, R3, WHO, hold, publish

Program = Callable[..., CompletedProcess[str]]
READING = (("query", "SELECT 1"), ("explain", "H1"), ("links",))


@pytest.fixture(autouse=True)
def _english() -> None:
    messages.speak("en")


def refusal(home: Home, *arguments: str) -> dict[str, Any]:
    """What a command says as it refuses; nothing of the home is touched."""
    before = sorted(path for path in home.root.rglob("*") if "warehouse/" not in str(path))
    with pytest.MonkeyPatch.context() as patch:
        told: dict[str, Any] = {}
        patch.setattr(cli, "tell_end", lambda code, zh, en, more=None, *, as_json: told.update(
            {"code": code, "zh": zh, "en": en, **(more or {})}))  # fmt: skip
        assert cli._run([*arguments, "--home", str(home.root)]) == 3, arguments
    assert sorted(path for path in home.root.rglob("*") if "warehouse/" not in str(path)) == before
    return told


def lost(home: Home) -> None:
    (home.releases / "current").unlink()


def dangling(home: Home) -> None:
    lost(home)
    (home.releases / "current").symlink_to(R3)


def strange(home: Home) -> None:
    lost(home)
    (home.releases / "current").symlink_to("../elsewhere")


def flipped(home: Home, release_id: str = R2) -> None:
    _spoil(
        home.releases / release_id / "warehouse.duckdb", lambda content: content[:-9] + b"?" + content[-8:]
    )


def cut(home: Home) -> None:
    _spoil(home.releases / R2 / "warehouse.duckdb", lambda content: content[: len(content) // 2])


def removed(home: Home) -> None:
    (home.releases / R2 / "warehouse.duckdb").unlink()


def blanked(home: Home) -> None:
    _spoil(home.releases / R2 / "warehouse.duckdb", lambda content: bytes(len(content)))


def renamed(home: Home) -> None:
    _spoil(
        home.releases / R2 / "manifest.json", lambda content: content.replace(b"2026-03-31", b"2025-03-31")
    )


def _spoil(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.chmod(0o600)
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize("spoil", [lost, dangling, strange])
def test_f61_a_pointer_that_is_gone_refuses_the_run_and_rollback_mends_it(
    home: Home, spoil: Callable[[Home], None], capsys: pytest.CaptureFixture[str]
) -> None:
    publish(home, R1)
    publish(home, R2)
    spoil(home)
    for command in (("run", "--as-of", DAY), *READING):
        told = refusal(home, *command)
        assert told["last_good"] == R2
        for language in ("zh", "en"):
            assert f"innostat rollback {R2} --by" in told[language]
            assert f"--home {home.root}" in told[language]
    assert not [one for one in records.load_all(home) if one.run_id == "r000003"]

    assert cli._run(["status", "--json", "--home", str(home.root)]) == 3
    status = json.loads(capsys.readouterr().out)
    assert (status["current"], status["trouble"]["last_good"]) == (None, R2)
    assert cli._run(["status", "--home", str(home.root)]) == 3
    assert f"innostat rollback {R2}" in capsys.readouterr().out
    assert cli._run(["releases", "--home", str(home.root)]) == 3
    said = capsys.readouterr()
    assert f"innostat rollback {R2}" in said.err and R1 in said.out
    (offender,) = verify(home, None, lambda _: None)["offenders"]
    assert offender["place"] == "releases/current" and f"innostat rollback {R2}" in offender["en"]

    rollback(home, R2, *WHO)
    assert standing(home) == R2
    assert not look(home, Settings(), date.fromisoformat(DAY), None).any
    assert verify(home, None, lambda _: None)["ok"]


def test_f61_going_to_an_earlier_release_without_a_pointer_is_a_rollback_like_any_other(home: Home) -> None:
    publish(home, R1, code_version="older")
    publish(home, R2)
    lost(home)
    assert rollback(home, R1, *WHO)["current"] == R2
    news = look(home, Settings(), date.fromisoformat(DAY), None)
    assert news.standing == R1 and news.withheld is not None and not news.any
    assert last_stood(home) == R1


def test_f61_a_first_release_whose_run_was_killed_is_no_lost_pointer(home: Home) -> None:
    publish(home, R1)
    lost(home)
    record = Record("r000001", DAY, 1, "", release=R1)  # still running: the switch was to come
    records.save(home, record)
    assert standing(home) is None
    recover(home)
    assert standing(home) == R1


def test_f61_a_release_beside_the_others_never_stood(home: Home) -> None:
    publish(home, R1)
    lost(home)
    record = Record("r000001", DAY, 1, "", state="published", release=R1, aside=True)
    records.save(home, record)
    assert standing(home) is None


def test_f61_an_approval_of_the_first_release_is_not_repeated_when_the_pointer_is_lost(home: Home) -> None:
    """The act says that none stood before it, as a lost pointer does; a later release must not be passed over."""
    from orchestration.approvals import approve

    approve(home, "r000001", hold(home, R1, None), *WHO)
    publish(home, R2)
    lost(home)
    recover(home)
    with pytest.raises(Stop) as refused:
        standing(home)
    assert refused.value.details["last_good"] == R2


def test_f61_a_candidate_is_not_approved_over_a_lost_pointer(home: Home) -> None:
    from orchestration.approvals import approve

    publish(home, R1)
    sha256 = hold(home, R2, None)
    lost(home)
    with pytest.raises(Stop) as refused:
        approve(home, "r000002", sha256, *WHO)
    assert refused.value.code == "current_gone"


@pytest.mark.parametrize("spoil", [flipped, cut, removed, blanked, renamed])
def test_f60_a_damaged_release_is_told_by_every_command_and_nothing_is_compared_with_it(
    home: Home, spoil: Callable[[Home], None], capsys: pytest.CaptureFixture[str]
) -> None:
    publish(home, R1)
    publish(home, R2)
    spoil(home)
    told = refusal(home, "run", "--as-of", DAY)
    assert (told["code"], told["current"], told["last_good"]) == ("release_damaged", R2, R1)
    for language in ("zh", "en"):
        assert f"innostat rollback {R1} --by" in told[language] and "innostat verify" in told[language]
    assert cli._run(["status", "--json", "--home", str(home.root)]) == 3
    status = json.loads(capsys.readouterr().out)
    assert (status["current"], status["trouble"]["last_good"]) == (R2, R1)
    assert (home.releases / "current").readlink().name == R2  # no command moves it by itself
    assert cli._run(["verify", "--home", str(home.root)]) == 1
    assert f"innostat rollback {R1}" in capsys.readouterr().out

    rollback(home, R1, *WHO)
    assert standing(home, hashed=True) == R1


@pytest.mark.parametrize("spoil", [cut, removed, blanked, renamed])
@pytest.mark.parametrize("command", READING)
def test_f60_what_reads_a_damaged_release_ends_alike(
    home: Home, spoil: Callable[[Home], None], command: tuple[str, ...]
) -> None:
    publish(home, R1)
    publish(home, R2)
    spoil(home)
    assert refusal(home, *command)["code"] == "release_damaged"


@pytest.mark.parametrize("command", [("query", "FROM coverage"), ("explain", "H1"), ("links",)])
def test_f60_a_wrong_bit_that_reading_comes_upon_is_told_as_damage(
    home: Home, command: tuple[str, ...]
) -> None:
    publish(home, R1)
    publish(home, R2)
    path = home.releases / R2 / "warehouse.duckdb"
    _spoil(path, lambda content: content[:12288] + bytes(byte ^ 1 for byte in content[12288:]))
    assert refusal(home, *command)["code"] == "release_damaged"


def test_f60_what_was_left_because_it_is_damaged_is_published_again(home: Home) -> None:
    publish(home, R1, code_version="older")
    publish(home, R2)
    flipped(home)
    rollback(home, R1, *WHO)
    news = look(home, Settings(), date.fromisoformat(DAY), None)
    assert (news.reasons, news.withheld) == (["code"], None)


def test_f60_no_release_is_named_that_is_damaged_too(home: Home) -> None:
    publish(home, R1)
    publish(home, R2)
    flipped(home, R1)
    flipped(home)
    told = refusal(home, "run", "--as-of", DAY)
    assert told["last_good"] is None
    assert "backup" in told["en"] and "备份" in told["zh"]


def test_f61_releases_that_were_all_taken_away_are_no_first_run_unless_their_runs_are_too(home: Home) -> None:
    publish(home, R1)
    for path in home.releases.iterdir():
        path.unlink() if path.is_symlink() else shutil.rmtree(path)
    told = refusal(home, "run", "--as-of", DAY)
    assert (told["code"], told["last_good"]) == ("current_gone", None)
    assert "runs/" in told["en"] and "runs/" in told["zh"]
    shutil.rmtree(home.run_dir("r000001"))
    assert look(home, Settings(), date.fromisoformat(DAY), None).reasons == ["first"]


def test_f60_a_damaged_release_that_hands_figures_on_refuses_the_run(home: Home) -> None:
    earlier = "r000001-2026-03-30"
    publish(home, earlier, as_of="2026-03-30")
    record = records.load_all(home)[0]
    record.as_of = "2026-03-30"
    records.save(home, record)
    publish(home, R2)
    flipped(home, earlier)
    with pytest.raises(Stop) as refused:
        refuse_damaged(home, date.fromisoformat(DAY))
    assert earlier in refused.value.en and refused.value.exit_code == 3
