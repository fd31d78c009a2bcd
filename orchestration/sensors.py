"""When a run starts by itself: every morning, and when the inbox has something new that lies quiet.

Here: the schedule and the sensor, which look with hashes only. Not here: what a run does.
"""

import os
import time
from pathlib import Path

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ingestion.inbox import scan
from ingestion.store import RawStore, delivery_id
from orchestration import records
from orchestration.clock import today
from orchestration.home import Home, open_home
from orchestration.news import look, source_names
from orchestration.settings import load_settings

QUIET_SECONDS = 30


def daily_schedule(job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """At 06:00 in the province; a day with nothing new is skipped, and the page says which release stands."""

    @dg.schedule(
        job=job,
        cron_schedule="0 6 * * *",
        execution_timezone="Asia/Shanghai",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="每天 6:00 运行 | Every day at 06:00",
    )
    def every_morning() -> dg.RunRequest | dg.SkipReason:
        home = _home()
        settings = load_settings(home.settings_file)
        news = look(home, settings, today(), records.latest_as_of(records.load_all(home)))
        if not news.any and not settings.pull:  # what lies elsewhere is seen only by a run
            return dg.SkipReason(f"无新内容，现行发布 {news.standing} | nothing new, {news.standing} stands")
        return dg.RunRequest(run_key=f"{today()}")

    return every_morning


def inbox_sensor(job: UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    """A run once new files have lain untouched for a while: a file may still be on its way."""

    @dg.sensor(
        job=job,
        minimum_interval_seconds=QUIET_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="收件夹有新文件且 30 秒未变动时运行 | When new files have been quiet for 30 s",
    )
    def inbox() -> dg.RunRequest | dg.SkipReason:
        home = _home()
        files = RawStore(home.root).unknown(scan(home.root, source_names()).files)
        if not files:
            return dg.SkipReason("收件夹没有新文件 | nothing new in the inbox")
        age = time.time() - max(
            max(status.st_mtime, status.st_ctime) for status in (file.path.stat() for file in files)
        )
        if age < QUIET_SECONDS:
            return dg.SkipReason(f"文件 {age:.0f} 秒前还在变动 | a file changed {age:.0f} s ago")
        # The same files are asked for once: what one run refused, a second one would refuse too.
        key = "+".join(
            sorted(delivery_id(file.source, file.sha256, file.sidecar_sha256)[:16] for file in files)
        )
        return dg.RunRequest(run_key=key[:200])

    return inbox


def _home() -> Home:
    return open_home(Path(os.environ["INNOSTAT_HOME"]))
