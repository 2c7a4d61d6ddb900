"""`papermargin train` on each engine."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from tortoise.backends.base.executor import EXECUTOR_CACHE

from nlp.version import ModelChoice
from server.__main__ import main
from server.config import Config
from server.database.connection import open_store
from server.extraction.shared_model import announce_model
from server.reading_list.corrections import put_correction
from server.schema.terms import CorrectionEdit
from tests.server.material import edit


@pytest.fixture
def papermargin(config: Config, tmp_path: Path) -> Callable[..., Result]:
    """Run the command on an empty store on each engine in turn."""
    store = (
        {"PAPERMARGIN_DATABASE_URL": config.database_url}
        if config.database_url
        else {"PAPERMARGIN_DB": str(config.db)}
    )
    environment = {**store, "COLUMNS": "200", "XDG_DATA_HOME": str(tmp_path / "data")}

    def run(*arguments: str, code: int = 0) -> Result:
        EXECUTOR_CACHE.clear()
        result = CliRunner().invoke(main, arguments, env=environment)
        assert result.exit_code == code, result.output + repr(result.exception)
        return result

    return run


def test_a_personal_model_is_trained_shown_and_removed(
    papermargin: Callable[..., Result], config: Config, tmp_path: Path
) -> None:
    lines = [
        f"@article{{k{n}, title={{Kettle {n}}}, year={{2026}}, eprint={{2601.{n:05}}}, "
        "archiveprefix={arXiv}, "
        f"abstract={{We tune kettle {n} with LoRA and reach 9{n % 10}.2\\% accuracy on MoonQA.}}}}"
        for n in range(40)
    ]
    (tmp_path / "refs.bib").write_text("\n".join(lines))
    papermargin("import", str(tmp_path / "refs.bib"))
    assert "no corrections" in papermargin("train", code=1).stderr
    asyncio.run(_mark_wrong(config, "LoRA", 24))
    told = papermargin("train", *_other_model(config))
    assert "24 corrections on 24 papers" in told.stdout and "24 of 24" in told.stdout
    place = f" for all servers of {config.store_name}" if config.database_url else f": {config.db}"
    assert f"installed{place}" in told.stdout
    assert "40 papers read again" in told.stderr and "40 × LoRA (METHOD to nothing)" in told.stderr
    assert papermargin("list", "method:LoRA").stdout == ""
    shown = papermargin("config").stdout
    assert "of 24 corrections on 24 papers" in shown and "not in force" not in shown
    assert "40 × LoRA (nothing to METHOD)" in papermargin("train", "--forget").stderr
    assert "there is no personal model" in papermargin("train", "--forget", code=1).stderr


def _other_model(config: Config) -> list[str]:
    """Name another model than the one that servers of a PostgreSQL database read with."""
    if not config.database_url:
        return []

    async def start_server() -> None:
        EXECUTOR_CACHE.clear()
        async with open_store(config):
            await announce_model(ModelChoice(), None)

    asyncio.run(start_server())
    return ["--model", "fast"]


async def _mark_wrong(config: Config, surface: str, count: int) -> None:
    EXECUTOR_CACHE.clear()
    async with open_store(config):
        for n in range(count):
            data = CorrectionEdit(verdict="wrong", surface=surface, label="METHOD")
            await put_correction(edit(0), f"2601.{n:05}", UUID(int=n + 1), data)
