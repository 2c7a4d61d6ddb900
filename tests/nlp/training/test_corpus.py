import gzip
import json
from pathlib import Path

from nlp.training.corpus import (
    LabelledText,
    digest,
    one_per_title,
    read_listing,
    read_texts,
    read_unlabelled,
)

PAPER = {
    "paper": {
        "id": "2501.00001",
        "title": "Owlet:\n  Small Eyes",
        "summary": " We present Owlet,\n a tiny model. ",
    }
}


def write_folder(root: Path) -> Path:
    data = root / "nlp"
    (data / "public").mkdir(parents=True)
    (root / "hf" / "api").mkdir(parents=True)
    (root / "hf" / "api" / "2025-01-01.json").write_text(json.dumps([PAPER]))
    summary = {"text": "Heron: Wading Through Graphs\nA summary of Heron."}
    (data / "public" / "unlabelled_daily_summaries.jsonl").write_text(json.dumps(summary) + "\n")
    return data


def test_labelled_texts_are_read_from_plain_and_packed_files(tmp_path: Path) -> None:
    line = '{"id": "1", "text": "BLEU", "spans": [[0, 4, "METRIC"]], "source": "ours"}\n\n'
    (tmp_path / "texts.jsonl").write_text(line)
    (tmp_path / "texts.jsonl.gz").write_bytes(gzip.compress(line.encode()))
    expected = [LabelledText(id="1", text="BLEU", spans=[(0, 4, "METRIC")])]
    assert (
        read_texts(tmp_path / "texts.jsonl") == read_texts(tmp_path / "texts.jsonl.gz") == expected
    )


def test_a_saved_day_is_read_in_each_form_it_was_saved_in(tmp_path: Path) -> None:
    expected = [
        LabelledText(id="2501.00001", text="Owlet: Small Eyes\nWe present Owlet, a tiny model.")
    ]
    for day in ([PAPER], [repr(PAPER)], {"status": "success", "data": [repr(PAPER)]}):
        (tmp_path / "day.json").write_text(json.dumps(day))
        assert list(read_listing(tmp_path / "day.json")) == expected


def test_unlabelled_texts_leave_out_those_that_are_labelled(tmp_path: Path) -> None:
    data = write_folder(tmp_path)
    assert [text.id for text in read_unlabelled(data, without=[])] == ["2501.00001", ""]
    labelled = LabelledText(text="OWLET: Small Eyes\nAn older abstract.")
    assert [text.id for text in read_unlabelled(data, without=[labelled])] == [""]


def test_of_two_texts_with_one_title_the_first_is_kept() -> None:
    texts = [
        LabelledText(text="Owlet\nabstract"),
        LabelledText(text="Heron\nabstract"),
        LabelledText(text="owlet\nsummary"),
    ]
    assert one_per_title(texts) == texts[:2]


def test_a_digest_names_the_content(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert digest(tmp_path / "empty").startswith("e3b0c44298fc1c14")
