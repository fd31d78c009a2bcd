"""The settings of a data home: `innostat.toml`, validated, every one with a default.

Here: their names, types and bounds; the words for a wrong one. Not here: thresholds and targets (seeds).
The file that `init` writes is templates/innostat.toml; a test holds it equal to these defaults.
"""

from __future__ import annotations

import csv
import difflib
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationError,
)

from ingestion.pull.contract import PullSettingsError, pulls_as_settings, pulls_from_settings
from orchestration.environment import SEEDS
from orchestration.messages import Stop
from quality.limits import DisclosureLimits, GateLimits, LimitsError

Year = Annotated[int, Field(ge=1990, le=2100)]
Memory = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$")]


# The gate's and disclosure control's limits have their home, their bounds and their words in quality.
GateTable = Annotated[GateLimits, PlainValidator(GateLimits.from_settings), PlainSerializer(asdict)]
PublicTable = Annotated[
    DisclosureLimits, PlainValidator(DisclosureLimits.from_settings), PlainSerializer(asdict)
]
# Databases, web interfaces and folders elsewhere: their home is ingestion.
PullTable = Annotated[dict[str, Any], PlainValidator(pulls_from_settings), PlainSerializer(pulls_as_settings)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Coverage(_Section):
    """Which years are published."""

    first_year: Year = 2024


class Policy(_Section):
    """Which text of the policy holds: the version of its rows in the seeds."""

    version: str = "2025-05-15-draft"


class Complete(_Section):
    """Years for which the registers behind an obligation are declared complete: silence then means none."""

    activity: list[Year] = []
    institution: list[Year] = []
    outcome: list[Year] = []


class Office(_Section):
    """Who publishes."""

    name: str = ""


class Run(_Section):
    """What a run may take of the machine."""

    memory_limit: Memory = "4GB"
    threads: Annotated[int, Field(ge=1, le=256)] = 2

    @property
    def engine(self) -> dict[str, Any]:
        """The limits in DuckDB's own words, for every engine of a run."""
        return {"memory_limit": self.memory_limit, "threads": self.threads}


class Settings(_Section):
    """All settings of one data home."""

    coverage: Coverage = Coverage()
    complete: Complete = Complete()
    policy: Policy = Policy()
    gate: GateTable = GateLimits()
    public: PublicTable = DisclosureLimits()
    office: Office = Office()
    run: Run = Run()
    pull: PullTable = {}


def load_settings(path: Path) -> Settings:
    """Read and check the settings, or stop with every wrong key, what is wrong with it and what to do."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise _stop(path, [(f"无法读取：{error}", f"cannot be read: {error}")]) from error
    try:
        found = Settings.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _stop(path, [(f"不是有效的 TOML：{error}", f"no valid TOML: {error}")]) from error
    except ValidationError as error:
        raise _stop(
            path, [_complaint(one) for one in sorted(error.errors(), key=lambda one: str(one["loc"]))]
        ) from error
    if found.policy.version not in (known := policy_versions()):
        listed, key = ", ".join(known), f"policy.version = {found.policy.version!r}"
        raise _stop(
            path, [(f"{key}：没有这一版；有 {listed}", f"{key}: there is no such text; known: {listed}")]
        )
    return found


def policy_versions() -> list[str]:
    """The texts of the policy that the seeds hold."""
    with (SEEDS / "target.csv").open(encoding="utf-8", newline="") as file:
        return sorted({row["policy_version"] for row in csv.DictReader(file)})


def _stop(path: Path, complaints: list[tuple[str, str]]) -> Stop:
    zh = "\n".join(f"  · {one}" for one, _ in complaints)
    en = "\n".join(f"  · {one}" for _, one in complaints)
    return Stop(
        2,
        "settings",
        f"设置文件 {path} 有误：\n{zh}\n请改正，或删去该行以使用默认值。",
        f"the settings in {path} are wrong:\n{en}\nCorrect it, or delete the line to use the default.",
    )


def _complaint(error: Any) -> tuple[str, str]:
    """One sentence in each language: the key, what is wrong, what would be right."""
    location = [str(part) for part in error["loc"]]
    key = ".".join(location)
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(location[-1], _known(location[:-1]), n=1, cutoff=0.5)
        hint_zh, hint_en = (f"，是否想写 {near[0]}？", f"; did you mean {near[0]}?") if near else ("。", ".")
        return f"{key}：没有这项设置{hint_zh}", f"{key}: there is no such setting{hint_en}"
    context = error.get("ctx", {})
    if isinstance(context.get("error"), (LimitsError, PullSettingsError)):
        return context["error"].zh, context["error"].en
    wanted = {
        "int_type": ("应为整数", "should be a whole number"),
        "float_type": ("应为数字", "should be a number"),
        "list_type": ("应为列表，如 [2025]", "should be a list, such as [2025]"),
        "string_type": ("应为带引号的文字", "should be a quoted text"),
        "model_type": ("应为一节（[…]）", "should be a section ([…])"),
        "string_pattern_mismatch": ('写法如 "4GB"', 'should be written like "4GB"'),
        "greater_than_equal": (f"不应小于 {context.get('ge')}", f"should not be below {context.get('ge')}"),
        "less_than_equal": (f"不应大于 {context.get('le')}", f"should not be above {context.get('le')}"),
    }
    zh, en = wanted.get(error["type"], (error["msg"], error["msg"]))
    return f"{key} = {error['input']!r}：{zh}", f"{key} = {error['input']!r}: {en}"


def _known(section: list[str]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in section:
        model = type(getattr(model(), part))
    return list(model.model_fields)
