"""`nlp/project.yml` runs commands that exist, and every training stage."""

import shlex
from pathlib import Path

import pytest
from weasel.schemas import ProjectConfigSchema, validate
from weasel.util import load_project_config

from nlp.__main__ import STAGES, main

PROJECT = load_project_config(Path(__file__).parents[2] / "nlp")
SCRIPTS = [line for command in PROJECT["commands"] for line in command["script"]]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create the data folder that the project file names."""
    folder = tmp_path / PROJECT["vars"]["data"]
    folder.mkdir(parents=True)
    (folder / "abstracts.dev.jsonl").touch()
    monkeypatch.chdir(tmp_path)


def stage_of(line: str) -> str | None:
    """Parse a line as the command line does, without running it; return its stage if it has one."""
    python, option, module, name, *arguments = shlex.split(line)
    assert (python, option, module) == ("python", "-m", "nlp")
    parsed = main.commands[name].make_context(name, arguments)
    stages = parsed.params.get("stages")
    return stages[0] if stages else None


def test_the_project_file_has_spacys_format() -> None:
    assert validate(ProjectConfigSchema, PROJECT) == []


@pytest.mark.parametrize("line", SCRIPTS)
def test_each_script_is_a_command_with_valid_options(line: str) -> None:
    stage_of(line)


def test_the_workflow_runs_every_stage_in_order() -> None:
    by_name = {command["name"]: command["script"] for command in PROJECT["commands"]}
    lines = [line for name in PROJECT["workflows"]["all"] for line in by_name[name]]
    assert [stage for line in lines if (stage := stage_of(line))] == [*STAGES]
