"""`innostat status`: what stands, what is new, what the last runs came to."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from orchestration import lock, records, standing
from orchestration.acts import acts_or_stop, freezes
from orchestration.cli.common import command as make
from orchestration.cli.common import print_json
from orchestration.clock import shown, today
from orchestration.home import Home, open_home
from orchestration.messages import say
from orchestration.news import REASONS, look, waiting
from orchestration.settings import load_settings
from orchestration.standing import REFUSED

_RUNS_SHOWN = 8
_ACTS_SHOWN = 3


@make(
    "status",
    "现行发布、收件夹中的新文件、最近的运行及被拒绝的原因。",
    "The current release, what is new in the inbox, the last runs and why one was refused.",
    ("status", "status --home /data/innostat --json"),
    with_json=True,
)
def command(home: Path, as_json: bool) -> int:
    """Look, and change nothing."""
    found = _status(open_home(home))
    if as_json:
        print_json(found)
    else:
        _show(found)
    return REFUSED if found["trouble"] else 0


def _status(home: Home) -> dict[str, Any]:
    from publication.releases import Releases

    # The reason is told beside all else that is known: whoever has to mend it needs the rest too.
    trouble = standing.trouble(home, hashed=True)
    current = trouble.details["current"] if trouble else Releases(home.root).current()
    manifest = Releases(home.root).manifest(current) if current and not trouble else {}
    runs = records.load_all(home)
    held = lock.is_held(home.lock_file)
    for run in runs:
        # Its process was killed: the next run tidies up; until then nobody should read "running" here.
        if run.state == "running" and not held:
            run.state = "died"
    settings = load_settings(home.settings_file)
    news = None if trouble else look(home, settings, today(), None)
    found, files = (news.scan, news.files) if news else waiting(home)
    acts = acts_or_stop(home)
    return {
        "home": str(home.root),
        "current": current,
        "trouble": {"code": trouble.code, "zh": trouble.zh, "en": trouble.en, **trouble.details}
        if trouble
        else None,
        "as_of": manifest.get("as_of"),
        "next_change_on": manifest.get("next_change_on"),
        "running": held,
        "news": news.reasons if news else [],
        "new_files": [{"source": one.source, "name": one.name, "size": one.size} for one in files],
        "problems": [vars(one) for one in found.problems],
        "withheld": news.withheld.told() if news and news.withheld else None,
        "final_years": [act.subject for act in freezes(acts)],
        "acts": [
            {**act.told(), **dict(zip(("zh", "en"), act.words(), strict=True))} for act in acts[-_ACTS_SHOWN:]
        ],
        "runs": [asdict(run) for run in runs[-_RUNS_SHOWN:]],
    }


def _show(found: dict[str, Any]) -> None:
    from rich.text import Text

    from orchestration.summary import command_to_approve, withheld_words
    from orchestration.terminal import console

    out = console()

    def line(zh: str, en: str, style: str = "") -> None:
        out.print(Text(say(zh, en), style), soft_wrap=True)

    if found["trouble"]:
        line(f"✗ {found['trouble']['zh']}", f"✗ {found['trouble']['en']}", "bold red")
    elif found["current"]:
        line(
            f"现行发布  {found['current']}（参考日 {found['as_of']}）",
            f"current   {found['current']} (as of {found['as_of']})",
            "bold",
        )
        if found["next_change_on"]:
            line(
                f"数字下次因日期变化  {found['next_change_on']}",
                f"a figure changes with the date on {found['next_change_on']}",
                "dim",
            )
    else:
        line("现行发布  无", "current   none", "bold")
    if found["trouble"]:
        line("待运行    先按上述办法处理", "to do     the above first", "yellow")
    elif found["news"]:
        zh = "、".join(REASONS[one][0] for one in found["news"])
        en = ", ".join(REASONS[one][1] for one in found["news"])
        line(f"待运行    {zh}", f"to do     {en}", "yellow")
    else:
        line("待运行    没有新内容", "to do     nothing new", "green")
    if found["withheld"]:
        line(*withheld_words(found["withheld"]), "yellow")
    if found["final_years"]:
        years = ", ".join(found["final_years"])
        line(f"已定稿    {years}", f"final     {years}")
    for file in found["new_files"][:10]:
        line(
            f"  新文件  {file['source']}/{file['name']}（{file['size']:,} 字节）",
            f"  new     {file['source']}/{file['name']} ({file['size']:,} bytes)",
        )
    if len(found["new_files"]) > 10:
        line(f"  …共 {len(found['new_files'])} 个", f"  … {len(found['new_files'])} in all")
    for problem in found["problems"]:
        line(f"! {problem['zh']}", f"! {problem['en']}", "yellow")
    out.print()
    line("最近的运行", "last runs", "bold")
    for run in reversed(found["runs"]):
        zh, en = records.STATE_WORDS[run["state"]]
        colour = {"published": "green", "nothing_new": "dim", "running": "cyan"}.get(run["state"], "red")
        line(
            f"  {run['run_id']}  {shown(run['started_at'])}  参考日 {run['as_of']}  {zh}",
            f"  {run['run_id']}  {shown(run['started_at'])}  as of {run['as_of']}  {en}",
            colour,
        )
        for reason in run["reasons"][:3]:
            # What dbt says runs over many lines; the first names the model.
            zh, en = (reason[name].splitlines()[0] for name in ("zh", "en"))
            line(f"      {zh}", f"      {en}", "dim")
        if run["state"] == "held":
            command = f"      innostat {command_to_approve(run['run_id'], run['candidate_sha256'])}"
            line(command, command, "cyan")
    if not found["runs"]:
        line("  还没有运行过：innostat run", "  none yet: innostat run")
    if found["acts"]:
        out.print()
        line("最近的批准、回退和定稿", "last approvals, rollbacks and freezes", "bold")
    for act in reversed(found["acts"]):
        line(f"  {act['zh']}", f"  {act['en']}")
