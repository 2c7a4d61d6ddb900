"""Files made to keep a parser busy: each is refused within its limit, and the limit is named."""

import asyncio
import time
from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from server.errors import Invalid
from server.imports.parse_file import ParsedFile, parse_file
from server.vault.frontmatter import parse_values

pytestmark = pytest.mark.anyio
AUTHORS = " and ".join(f"Ada{n} Lind" for n in range(100_000))


async def parse(
    data: bytes | str, seconds: float | None = 60.0, memory: int | None = None
) -> ParsedFile:
    content = data.encode() if isinstance(data, str) else data
    now = datetime(2026, 3, 5, tzinfo=UTC)
    return await parse_file(
        content, name="file", observed=now, year=2026, seconds=seconds, memory=memory
    )


def test_front_matter_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(Invalid, match="nested more than 100 deep"):
        parse_values(f"a: {'[' * 20_000}")


def zipped(*members: tuple[str, bytes]) -> bytes:
    sink = BytesIO()
    with ZipFile(sink, "w", ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("data", "limit"),
    [
        ("<html>" + "<div>" * 400_000, "nested more than 1,000 deep"),
        ("<feed>" + "<entry>" * 100_000, "nested more than 1,000 deep"),
        ("[" * 100_000, "nested too deep"),
        (f"@misc{{k, title={{T}}, year={{2024}}, author={{{AUTHORS}}}}}", "more than 10,000 auth"),
        (zipped(("a.md", b"0" * 100_000_000)), "more than 200 times its own size"),
        (zipped(*((f"{n}.md", b"0" * (1 << 26)) for n in range(9))), "more than 536,870,912 bytes"),
    ],
    ids=["HTML", "XML", "JSON", "authors", "ratio", "zip"],
)
async def test_a_bomb_is_refused_by_the_limit_that_it_passes(data: bytes, limit: str) -> None:
    parsed = await parse(data)
    assert limit in (parsed.error or "")


async def test_a_file_that_takes_too_long_is_refused_and_its_process_killed() -> None:
    start = time.monotonic()
    parsed = await parse("@article{a," * 200_000, seconds=3.0)
    assert parsed.error == "reading it took longer than 3 seconds, which is the limit"
    assert time.monotonic() - start < 10


async def test_a_larger_file_has_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.imports.parse_file.MAX_SECONDS", 1)
    parsed = await parse("@article{a," * 200_000, seconds=None)
    assert parsed.error == "reading it took longer than 3 seconds, which is the limit"


async def test_a_file_that_needs_too_much_memory_is_refused() -> None:
    parsed = await parse('[{"a": [' + "{}," * 5_000_000 + "{}]}]", memory=300 << 20)
    assert parsed.error == "reading it needs more than 300 MB of memory, which is the limit"


async def test_a_cancelled_parse_ends_its_process_and_the_next_file_gets_a_new_one() -> None:
    task = asyncio.create_task(parse("@article{a," * 200_000))
    await asyncio.sleep(2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    parsed = await parse("@misc{k, title={Tea}, year={2024}}")
    assert parsed.batch and parsed.batch.papers[0].title == "Tea"
