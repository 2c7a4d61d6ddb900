"""Words as people type them, on both engines: other spellings, authors, ids, titles, typos."""

from uuid import uuid4

import pytest

from nlp.spans import Extraction, Label, Mention
from server.errors import QueryError
from server.extraction.save import PaperExtraction, store_readings, unread
from server.papers.list import list_papers
from server.papers.suggest import suggest
from server.reading_list.entries import put_entry
from server.reading_list.notes import list_notes, put_note
from server.schema.papers import PaperList
from server.schema.reading_list import EntryEdit, NoteEdit
from server.search.parser import write_field
from tests.server.material import FERN, MOSS, NOW, edit, keys, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

PEAT = "2601.00003"


async def search(query: str, *, everything: bool = True) -> PaperList:
    return await list_papers(1, query, everything=everything)


async def found(query: str) -> list[str]:
    """The keys of what a query finds as it stands."""
    page = await search(query)
    return [] if page.corrected else keys(page.papers)


@pytest.mark.parametrize(
    ("title", "queries"),
    [
        ("Fine-tuning Ferns", ["fine-tuning", "finetuning", "fine tuning", "Finetuning ferns"]),
        ("Finetuning Ferns", ["fine-tuning", "finetuning", "fine tuning"]),
        ("Fine tuning Ferns", ["fine-tuning", "finetuning", "fine tuning"]),
        ("GPT-4o and Ferns", ["GPT4o", "GPT-4o", "gpt 4o"]),
        ("GPT4o and Ferns", ["GPT4o", "GPT-4o", "gpt 4o"]),
        ("Qwen2.5 Ferns", ["Qwen 2.5", "Qwen2.5", "qwen-2.5", "qwen25"]),
        ("Segment Ferns: SAM 2", ["SAM2", "sam-2", "sam 2"]),
        ("3D Ferns", ["3-D", "3D", "3d"]),
        ("An Autoencoder of Ferns", ["auto-encoder", "autoencoders", "auto encoder"]),
        ("FernVideoX", ["fernvideo", "fern video", "FernVideoX", "fernvideox"]),
        ("A FernWeb", ["fern web", "fernweb", "fern-web"]),
        ("$\\pi^3$: Ferns", ["pi3", "π3"]),
        ("$\\tau$-Bench", ["tau-bench", "taubench", "tau bench", "τ-bench"]),
        ("μP for Ferns", ["muP", "μP", "mup"]),
        ("Tülu 3", ["tulu 3", "tülu 3", "tulu3", "Tuelu"]),
        ("Łukasiewicz and Ørsted", ["lukasiewicz", "orsted", "Oersted", "łukasiewicz"]),
        ("Strauß and the Œuvre of Schrödinger", ["strauss", "oeuvre", "Schroedinger"]),
        ("Ёлка", ["елка", "ёлка"]),
        ("Ｆｅｒｎ of CO₂ and π₀", ["fern", "CO2", "π0", "pi0"]),
        ("Micro\u00adscopy of snake_case", ["microscopy", "snake", "case", "snake_case"]),
        ("Don\u2019t Water Bloom\u2019s Ferns", ["dont", "don't", "blooms", "bloom"]),
        ("A* and Q* among Ferns", ["A*", "Q*", "A-star"]),
        ("基于强化学习的方法", ["强化学习", "强化", "学习", "强"]),
        ("大規模言語モデル", ["言語モデル", "モデル"]),
        ("거대언어모델의 이해", ["언어모델"]),
        ("แบบจำลองภาษา", ["จำลอง"]),
        ("The 80/20 Rule", ["8020", "80/20"]),
    ],
)
async def test_a_paper_is_found_by_any_spelling(title: str, queries: list[str]) -> None:
    await take_in(source(MOSS, title), source(FERN, "On bogs", abstract="A paper of star, in 3."))
    for query in queries:
        assert await found(query) == [MOSS], query


async def test_notes_are_found_by_any_spelling() -> None:
    await take_in(source(MOSS))
    await put_note(edit(), uuid4(), NoteEdit(paper=MOSS, text="Vgl. Strauß, 强化学习, fine-tuning"))
    for words in ("strauss", "强化学习", "finetuning", "Strauß 学习"):
        assert len((await list_notes(1, words, None, 9)).notes) == 1, words
        assert await found(words) == [MOSS], words


async def name_authors() -> None:
    await take_in(
        source(MOSS, authors=["Ahmet Üstün", "Kaiming He", "Łukasz Borchmann"]),
        source(FERN, abstract="He and Kaiming wrote it.", authors=["Helen Hernandez"]),
        source(PEAT, authors=["Yann A. LeCun", "Hervé Jégou", "王小明"]),
    )


@pytest.mark.parametrize(
    ("query", "right"),
    [
        ('author:"Ahmet Üstün"', [MOSS]),
        ('author:"AHMET USTUN"', [MOSS]),
        ('author:"Łukasz Borchmann"', [MOSS]),
        ("author:lukasz", [MOSS]),
        ('author:"Herve Jegou"', [PEAT]),
        ("author:He", [MOSS]),
        ("author:Hern", [FERN]),
        ("author:,", []),
        ("author:[", []),
        ('author:"Yann LeCun"', [PEAT]),
        ('author:"He, Kaiming"', [MOSS]),
        ('author:"Üstün Kaiming"', []),
        ("author:王小明", [PEAT]),
        ("Yann LeCun", [PEAT]),
        ("-author:He", [PEAT, FERN]),
    ],
)
async def test_authors_are_names(query: str, right: list[str]) -> None:
    await name_authors()
    assert await found(query) == right


async def test_an_author_s_own_paper_stands_first() -> None:
    await name_authors()
    assert await found("Kaiming He") == [MOSS, FERN]


@pytest.mark.parametrize(
    "query",
    ["2410.18057", "arXiv:2410.18057", "https://arxiv.org/abs/2410.18057", "2410.18057v2",
     "https://huggingface.co/papers/2410.18057", "10.48550/arXiv.2410.18057", "10.1145/99.18057",
     "doi:10.1145/99.18057", "https://doi.org/10.48550/arxiv.2410.18057"],
)  # fmt: skip
async def test_an_id_or_an_address_finds_its_paper(query: str) -> None:
    await take_in(source("2410.18057", doi="10.1145/99.18057"), source(MOSS))
    assert await found(query) == ["2410.18057"]


@pytest.mark.parametrize(
    "title",
    [
        "TAG:Tangential Ferns", "Rating: Of Ferns (and Mosses", "Status:Quo", 'Say "Fern" or "Moss',
        "Has: A Fern", "Ferns) Or (Not", "Is it (A or B)? NOT in: ferns", "Added:Value",
    ],
)  # fmt: skip
async def test_a_title_finds_its_paper_though_it_looks_like_syntax(title: str) -> None:
    await take_in(source(FERN, "Ferns or mosses"), source(MOSS, title), source(PEAT, "Quo Vadis"))
    assert (await found(title))[0] == MOSS


async def test_a_text_that_is_neither_is_still_refused() -> None:
    with pytest.raises(QueryError):
        await search("rating:moss")


@pytest.mark.parametrize(
    ("query", "right"),
    [
        ("colour:green", [MOSS]),
        ("“green moss”", [MOSS]),
        ("moss NOT fern", [MOSS]),
        ("moss AND colour", [MOSS]),
        ("#", []),
        ("*", []),
        ("🌱", []),
    ],
)
async def test_signs_and_capitals_mean_what_they_mean_elsewhere(
    query: str, right: list[str]
) -> None:
    await take_in(
        source(MOSS, "A colour: green moss"), source(FERN, "A fern beside a moss", abstract="Wet.")
    )
    assert await found(query) == right


async def mention(label: Label, term: str) -> None:
    await take_in(source(MOSS, abstract="Here it stands."), source(FERN))
    papers = [paper for paper in await unread("1", limit=9) if paper.key == MOSS]
    reading = Extraction([Mention(0, 2, label, term)], [])
    await store_readings([PaperExtraction(papers[0], reading)], "1", NOW)


@pytest.mark.parametrize(
    ("label", "term", "query"),
    [
        ("METHOD", "DPO", 'method:"Direct Preference Optimization"'),
        ("DATASET", "COCO", 'dataset:"MS COCO"'),
        ("DATASET", "ImageNet", "dataset:ImageNet-1K"),
        ("METRIC", "F1", 'metric:"F1 score"'),
        ("METHOD", "reinforcement learning from human feedback", "method:RLHF"),
        ("DATASET", "AIME 2024", "dataset:AIME24"),
    ],
)
async def test_terms_of_a_query_are_named_like_mentions(
    label: Label, term: str, query: str
) -> None:
    await mention(label, term)
    assert await found(query) == [MOSS]


@pytest.mark.parametrize(
    ("term", "query"),
    [
        ("DPO", "direct preference optimization"),
        ("DPO", "Direct Preference Optimisation"),
        ("reinforcement learning from human feedback", "RLHF"),
        ("LoRA", "low-rank adaptation"),
    ],
)
async def test_a_name_of_a_term_finds_papers_that_use_another(term: str, query: str) -> None:
    await mention("METHOD", term)
    assert await found(query) == [MOSS]


async def test_papers_with_the_words_themselves_stand_before_those_with_the_term() -> None:
    await mention("METHOD", "DPO")
    await take_in(source(PEAT, abstract="We use direct preference optimization."))
    assert await found("direct preference optimization") == [PEAT, MOSS]
    assert await found("direct preference optimization -status:none") == []


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("colour:green", "there is no field colour:, so it was searched as text"),
        (
            "moss auther:he",
            "there is no field auther:, so it was searched as text; did you mean author:?",
        ),
        (
            "-Titel:moss",
            "there is no field titel:, so it was searched as text; did you mean title:?",
        ),
        ('"colour:green"', None),
        ("arXiv:2601.00001", None),
        ("https://arxiv.org/abs/2601.00001", None),
        ("doi:10.1145/99.18057", None),
        ("Moss: a title", None),
        ("tag:moss", None),
    ],
)  # fmt: skip
async def test_an_unknown_field_is_text_with_a_hint(query: str, hint: str | None) -> None:
    await take_in(source(MOSS, "A colour: green moss"))
    assert (await search(query)).hint == hint


async def test_a_typo_is_corrected_and_said_so() -> None:
    await take_in(source(MOSS, "Differential Transformer"), source(FERN, "On ferns"))
    page = await search("diferential transformer")
    assert (keys(page.papers), page.corrected) == ([MOSS], "differential transformer")
    assert (await search("differential transformer")).corrected is None


async def test_an_unknown_word_among_known_ones_is_left_out() -> None:
    await take_in(source(MOSS, "Green moss of the bog"), source(FERN, "On ferns"))
    page = await search("green xqzzy moss")
    assert (keys(page.papers), page.corrected) == ([MOSS], "green moss")


async def test_the_papers_with_most_words_stand_for_those_with_all() -> None:
    await take_in(
        source(MOSS, "Green moss of the bog"),
        source(FERN, "Ferns", abstract="Green ferns, no bog, with canopy."),
        source(PEAT, "Canopy"),
    )
    page = await search("moss bog canopy")
    assert page.corrected == "moss or bog or canopy"
    assert {*keys(page.papers)} == {MOSS, FERN}


async def test_exact_hits_stand_before_others() -> None:
    await take_in(
        source(PEAT, "A study of moss", abstract="Peat."),
        source(FERN, "Other things", abstract="The SAM 2 of moss is mentioned here."),
        source("2601.00004", "SAM2Long: more of it"),
        source(MOSS, "SAM 2: Segment Anything"),
    )
    assert await found("SAM2") == [MOSS, "2601.00004", FERN]
    await put_note(edit(), uuid4(), NoteEdit(paper=PEAT, text="compare SAM2"))
    assert await found("SAM2") == [MOSS, "2601.00004", PEAT, FERN]


@pytest.mark.parametrize("name", ['say "hi" now', "a/b c", '"', "x y*"])
async def test_a_completed_tag_is_that_tag_alone(name: str) -> None:
    await take_in(source(MOSS), source(FERN))
    await put_entry(edit(), MOSS, EntryEdit(tags=[name]))
    await put_entry(edit(), FERN, EntryEdit(tags=["say something else", "zz"]))
    assert await found(write_field("tag", name)) == [MOSS]
    assert write_field("tag", name) in [s.query for s in await suggest(1, f"tag:{name}", 9)]


async def test_the_day_of_an_entry_is_the_day_where_the_server_runs(tokyo: None) -> None:
    await take_in(source(MOSS), source(FERN))
    late = edit(minutes=4 * 60)  # 16:00 in Greenwich, the next morning in Tokyo
    await put_entry(late, MOSS, EntryEdit(status="inbox"))
    await put_entry(edit(), FERN, EntryEdit(status="inbox"))
    assert await found("added:2026-03-06") == [MOSS]
    assert await found("added:2026-03-05") == [FERN]
