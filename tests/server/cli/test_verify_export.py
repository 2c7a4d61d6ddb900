"""The proof that an export brings everything back, of stores on either engine."""

from typing import Any

import anyio
import pytest
from click.testing import CliRunner, Result

from server.__main__ import main
from server.archive.compare import find_differences
from server.archive.format import Archive
from server.config import Config
from tests.server.archive.test_archive import export_of
from tests.server.archive.test_format import make_archive, make_search
from tests.server.exports.pages import MOMENT


def verify(config: Config) -> Result:
    store = (
        ["--database-url", config.database_url] if config.database_url else ["--db", str(config.db)]
    )
    return CliRunner().invoke(main, ["verify-export", *store])


@pytest.fixture
def filled(config: Config) -> Config:
    anyio.run(export_of, config)
    return config


def test_a_store_with_everything_comes_back_the_same(filled: Config) -> None:
    done = verify(filled)
    counts = (
        "3 papers, 3 entries, 3 tags, 2 notes, 1 corrections, 2 seen, 2 searches, 2 terms, "
        "0 citations, 2 preferences, 1 ranking"
    )
    assert (done.exit_code, done.stdout, done.stderr) == (
        0,
        f"{counts}: all came back the same\n",
        "",
    )


def test_an_import_that_loses_something_is_found_out(
    filled: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forget(*_: object) -> None:
        pass

    monkeypatch.setattr("server.archive.read._merge_notes", forget)
    done = verify(filled)
    assert done.exit_code == 1
    assert "stands there 1 times, and came back 0 times" in done.stderr
    assert "Error: the export does not bring everything back: 2 differences" in done.stderr


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"seen": []}, "seen: 2501.10000 stands there 1 times, and came back 0 times"),
        ({"entries": []}, "entries: 2501.10000 stands there 1 times, and came back 0 times"),
        (
            {"searches": [make_search("lanterns", query="x" * 99)]},
            '`query` was "method:Lantern" and came back as "xxx',
        ),
        (
            {"searches": [make_search("lanterns"), make_search("LED")]},
            "searches: LED stands there 0 times",
        ),
        (
            {"searches": [make_search("lanterns", deleted=MOMENT)]},
            "`deleted` was null and came back as",
        ),
    ],
)
def test_what_differs_is_named(parts: dict[str, Any], told: str) -> None:
    [difference] = find_differences(make_archive(), make_archive(**parts))
    assert told in difference


def test_the_order_of_records_counts_for_nothing() -> None:
    one: Archive = make_archive(searches=[make_search("a"), make_search("b")])
    other: Archive = make_archive(searches=[make_search("b"), make_search("a")])
    assert list(find_differences(one, other)) == []
