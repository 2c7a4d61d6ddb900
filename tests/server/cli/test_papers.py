"""The commands for papers, settings, searches and feeds, as a person types them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tortoise.backends.base.executor import EXECUTOR_CACHE

from nlp.version import read_packaged
from server.__main__ import main

CAPTURES = Path(__file__).parents[4] / "shared" / "captures"
BIBLIOGRAPHY = """@article{kettle, title={Kettles that Sing}, author={Lind, Ada}, year={2026},
eprint={2601.00001}, archiveprefix={arXiv}, 
abstract={We tune kettles with LoRA and reach 91.2% accuracy on MoonQA.},
keywords={tea, steam}, annote={Read with \\emph{care}.}}
@article{broken, """

Run = Callable[..., Result]


@pytest.fixture
def papermargin(tmp_path: Path, migrated_file: Path) -> Run:
    """Run the command on a store of the test's own."""
    db = tmp_path / "store.sqlite"
    db.write_bytes(migrated_file.read_bytes())

    def run(*arguments: str, code: int = 0, **environment: str) -> Result:
        EXECUTOR_CACHE.clear()
        result = CliRunner().invoke(
            main, arguments, env={"PAPERMARGIN_DB": str(db), "COLUMNS": "200", **environment}
        )
        assert result.exit_code == code, result.output + repr(result.exception)
        return result

    return run


@pytest.fixture
def bibliography(tmp_path: Path) -> Path:
    file = tmp_path / "refs.bib"
    file.write_text(BIBLIOGRAPHY)
    return file


def as_json(result: Result) -> Any:
    return json.loads(result.stdout)


def test_a_bibliography_is_imported_with_its_keywords_and_notes(
    papermargin: Run, bibliography: Path
) -> None:
    [report] = as_json(papermargin("import", str(bibliography), "--no-extract", "--json"))
    assert (report["kind"], report["papers"], report["new"], report["error"]) == (
        "BibTeX",
        1,
        1,
        None,
    )
    assert len(report["skipped"]) == 1
    [paper] = as_json(papermargin("list", "--json"))
    assert (paper["key"], paper["status"], paper["tags"]) == (
        "2601.00001",
        "inbox",
        ["steam", "tea"],
    )
    assert "care" in paper["notes"][0]["text"]


def test_importing_a_file_twice_changes_nothing(papermargin: Run, bibliography: Path) -> None:
    papermargin("import", str(bibliography), "--no-extract")
    papermargin("tag", "2601.00001", "+mine")
    before = papermargin("list", "--json").stdout
    [report] = as_json(papermargin("import", str(bibliography), "--no-extract", "--json"))
    assert (report["new"], report["updated"]) == (0, 0)
    assert papermargin("list", "--json").stdout == before


def test_an_import_is_listed_and_undone_by_its_number(papermargin: Run, bibliography: Path) -> None:
    result = papermargin("import", str(bibliography), "--no-extract")
    assert "to undo this import: papermargin import --undo 1" in result.stderr
    assert "refs.bib" in papermargin("import", "--list").stdout
    assert "undone, 0 stay" in papermargin("import", "--undo", "1").stdout
    assert as_json(papermargin("list", "--json")) == []
    assert "was undone" in papermargin("import", "--undo", "1", code=1).stderr


def test_a_table_with_columns_of_other_names_is_imported(papermargin: Run, tmp_path: Path) -> None:
    file = tmp_path / "literatur.csv"
    file.write_text("Kennung;Titel\n2401.00001;Tee am Morgen\n")
    columns = ["--column", "arxiv=Kennung", "--column", "title=Titel"]
    papermargin("import", "--add", "--no-extract", "--offline", *columns, str(file))
    [paper] = as_json(papermargin("list", "--json"))
    assert (paper["key"], paper["title"]) == ("2401.00001", "Tee am Morgen")
    refused = papermargin("import", "--column", "Titel", str(file), code=1)
    assert "names no column: write NAME=COLUMN" in refused.stderr


def test_a_bad_file_is_reported_and_the_others_are_imported(
    papermargin: Run, bibliography: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_text("[{'paper': {}}]")
    result = papermargin(
        "import", str(tmp_path / "*.json"), str(bibliography), "gone.txt", "--no-extract", code=1
    )
    assert "bad.json" in result.stdout and "Python repr" in result.stdout
    assert "No such file" in result.stdout and "2 failed" in result.stdout
    assert [paper["key"] for paper in as_json(papermargin("list", "--json"))] == ["2601.00001"]


def test_abstracts_are_read_on_import_and_found_by_their_terms(
    papermargin: Run, bibliography: Path
) -> None:
    papermargin("import", str(bibliography))
    [paper] = as_json(papermargin("list", "method:lora", "--json"))
    assert "LoRA" in paper["terms"]["METHOD"]


@pytest.mark.skipif(
    not CAPTURES.is_dir(), reason="the real listings lie beside the checkout, in ../shared"
)
def test_the_real_captures_are_398_rows_of_389_papers(papermargin: Run) -> None:
    command = ("import", str(CAPTURES), "--year", "2026", "--no-extract", "--json")
    reports = as_json(papermargin(*command))
    assert sorted(report["papers"] for report in reports) == [37, 135, 226]
    assert sum(report["new"] for report in reports) == 389
    assert [(report["new"], report["updated"]) for report in as_json(papermargin(*command))] == [
        (0, 0)
    ] * 3


def test_tags_are_added_and_removed(papermargin: Run, bibliography: Path) -> None:
    papermargin("import", str(bibliography), "--no-extract")
    entry = as_json(papermargin("tag", "2601.00001", "+rl/grpo", "-TEA", "--json"))
    assert entry["tags"] == ["rl/grpo", "steam"]
    assert papermargin("list", "tag:rl -tag:tea").stdout.startswith("2601.00001")
    assert "write +rl" in papermargin("tag", "2601.00001", "rl", code=1).stderr


def test_a_rating_of_0_is_shown(papermargin: Run, bibliography: Path) -> None:
    papermargin("import", str(bibliography), "--no-extract")
    papermargin("status", "2601.00001", "read", "--rating", "0")
    assert "read 0 #steam #tea" in papermargin("show", "2601.00001").stdout


def test_a_status_and_a_rating_are_set(papermargin: Run, bibliography: Path) -> None:
    papermargin("import", str(bibliography), "--no-extract")
    assert papermargin(
        "status", "arxiv.org/abs/2601.00001v2", "reading", "--rating", "4"
    ).stdout.startswith("2601.00001 reading 4/5")
    assert papermargin("list", "status:inbox").stdout == ""


def test_a_paper_is_cited_under_a_key_until_it_is_taken_back(
    papermargin: Run, bibliography: Path
) -> None:
    papermargin("import", str(bibliography))
    [paper, *_] = json.loads(papermargin("list", "--json").stdout)
    before = papermargin("cite", paper["key"]).stdout
    assert papermargin("cite", paper["key"], "own:key").stdout == "own:key\n"
    assert papermargin("cite", paper["key"]).stdout == "own:key\n"
    assert "@misc{own:key," in papermargin("export", "bibtex").stdout.replace("@article", "@misc")
    assert "cannot be a citation key" in papermargin("cite", paper["key"], "a b", code=1).stderr
    papermargin("cite", paper["key"], "x", "--reset", code=2)
    assert papermargin("cite", paper["key"], "--reset").stdout != "own:key\n" != before


def test_a_note_is_written_changed_and_shown(
    papermargin: Run, bibliography: Path, tmp_path: Path
) -> None:
    papermargin("import", str(bibliography), "--no-extract")
    note = as_json(papermargin("note", "2601.00001", "--text", "first", "--json"))
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "second" >> "$1"\n')
    editor.chmod(0o755)
    changed = as_json(
        papermargin("note", "2601.00001", "--edit", note["id"], "--json", EDITOR=str(editor))
    )
    assert (changed["version"], changed["text"].split()) == (2, ["first", "second"])
    assert "second" in papermargin("show", "2601.00001").stdout


def test_an_empty_note_is_not_written(papermargin: Run, bibliography: Path) -> None:
    papermargin("import", str(bibliography), "--no-extract")
    done = papermargin("note", "2601.00001", "--text", " ", code=1)
    assert "an empty note is not saved" in done.stderr


def test_all_shows_papers_that_are_not_in_the_list(papermargin: Run, tmp_path: Path) -> None:
    page = [
        {
            "paper": {"id": "2601.00009", "title": "Moss", "summary": "On moss.", "authors": []},
            "title": "Moss",
        }
    ]
    (tmp_path / "2026-01-09.json").write_text(json.dumps(page))
    papermargin("import", str(tmp_path / "2026-01-09.json"), "--no-extract")
    assert papermargin("list", "moss").stdout == ""
    [paper] = as_json(papermargin("list", "moss", "--all", "--json"))
    assert (paper["status"], paper["abstract"]) == ("none", "On moss.")


def test_errors_are_one_line(papermargin: Run) -> None:
    for arguments, words in {
        ("list", "rating:many"): "rating: is one of 0",
        ("show", "2601.99999"): "no paper '2601.99999'",
        ("list", "--user", "nobody"): "no user 'nobody'",
        ("doctor", "--db", "/proc/nowhere/x.sqlite"): "there is no file",
        ("list", "--db", "/proc/nowhere/x.sqlite"): "cannot open",
    }.items():
        result = papermargin(*arguments, code=1)
        assert result.stderr.startswith("Error: ") and words in result.stderr
        assert result.stderr.count("\n") == 1


def test_config_shows_each_setting_with_its_origin(papermargin: Run) -> None:
    lines = papermargin("config", "--port", "9000", PAPERMARGIN_HOST="0.0.0.0").stdout.splitlines()
    told = {line.split()[0]: line.split()[1:] for line in lines}
    assert told["port"][:2] == ["9000", "--port"]
    assert told["host"][:2] == ["0.0.0.0", "PAPERMARGIN_HOST"]
    assert told["user"][:2] == ["me", "default"]


def test_config_hides_the_database_s_password(papermargin: Run) -> None:
    shown = papermargin("config", PAPERMARGIN_DATABASE_URL="postgres://ada:sesame@db/papers").stdout
    assert "postgres://db:5432/papers" in shown and "sesame" not in shown


def test_config_shows_what_the_model_was_made_of(papermargin: Run) -> None:
    for model in ("fast", "accurate"):
        shown = papermargin("config", PAPERMARGIN_MODEL=model).stdout
        made = read_packaged(model)
        assert f"packaged   {model}, " in shown and made["made"] in shown
        assert f"abstracts.dev.jsonl {made['data']['abstracts.dev.jsonl'][:8]}" in shown
        assert f"ALL {made['strict_f1']['ALL']:.3f}" in shown
    assert "PAPERMARGIN_MODEL" in papermargin("config", PAPERMARGIN_MODEL="slow", code=1).stderr


def test_an_unknown_setting_is_named(papermargin: Run) -> None:
    assert "PAPERMARGIN_PROT" in papermargin("config", PAPERMARGIN_PROT="1", code=1).stderr
    assert "PAPERMARGIN_PORT" in papermargin("config", PAPERMARGIN_PORT="http", code=1).stderr


def test_a_new_user_has_their_own_list(papermargin: Run, bibliography: Path) -> None:
    papermargin("user", "add", "ada")
    papermargin("import", str(bibliography), "--no-extract", "--user", "ada")
    assert papermargin("list").stdout == ""
    assert papermargin("list", "--user", "ada").stdout.startswith("2601.00001")


@pytest.mark.parametrize("model", ["fast", "accurate"])
def test_extract_answers_in_the_order_of_the_lines(model: str) -> None:
    lines = "".join(
        json.dumps({"id": n, "text": f"Moss {n}\nWe use LoRA on CIFAR-10."}) + "\n"
        for n in range(3)
    )
    result = CliRunner().invoke(main, ["extract", "--model", model], input=lines)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [0, 1, 2]
    assert [14, 18, "METHOD"] in answers[0]["spans"]


def test_a_search_is_saved_changed_listed_and_deleted(papermargin: Run, bibliography: Path) -> None:
    papermargin("import", str(bibliography), "--no-extract")
    assert papermargin("searches", "save", "Tea", "tag:tea", "--digest").stdout == "Tea: tag:tea\n"
    papermargin("searches", "save", "tea", "--sort", "rating")
    [search] = as_json(papermargin("searches", "--json"))
    assert (search["name"], search["sort"], search["digest"], search["version"]) == (
        "Tea",
        "rating",
        True,
        2,
    )
    assert (search["papers"], search["new"]) == (1, 0)
    assert papermargin("searches").stdout.splitlines()[1].split() == [
        "Tea",
        "1",
        "0",
        "yes",
        "tag:tea",
    ]
    assert "in the trash" in papermargin("searches", "delete", "TEA").stdout
    assert as_json(papermargin("searches", "--json")) == []


def test_an_invalid_query_is_not_saved(papermargin: Run) -> None:
    assert (
        "rating: is one of 0" in papermargin("searches", "save", "x", "rating:many", code=1).stderr
    )
    assert "needs a query" in papermargin("searches", "save", "x", code=1).stderr


def test_new_feed_addresses_replace_the_old_ones(papermargin: Run) -> None:
    papermargin("searches", "save", "Tea & cake", "tag:tea")
    lines = papermargin("feed-address", "--port", "9000").stdout.splitlines()
    assert len(lines) == 4 and all(
        line.startswith("http://127.0.0.1:9000/feeds/") for line in lines
    )
    assert "/feeds.opml  (all of them" in lines[3]
    assert "/new/Tea%20%26%20cake.atom  (new papers: Tea & cake)" in lines[2]
    assert as_json(papermargin("feed-address", "--json"))["reading_list"] not in lines[0]


def test_an_unknown_field_is_named(papermargin: Run, bibliography: Path) -> None:
    papermargin("import", str(bibliography), "--no-extract")
    told = papermargin("list", "--all", "titel:kettles")
    assert "there is no field titel:" in told.stderr
