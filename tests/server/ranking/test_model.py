"""A model ranks papers like those of the list first, whatever else it does not know."""

import numpy as np
import pytest

from server.ranking.authors import strongest_effect
from server.ranking.model import Example, learn
from server.ranking.vectors import PaperVector, Statistics, make_vector, pack, unpack
from server.ranking.word_vectors import WIDTH, embed, embed_word

MOSS = "Moss pruning of fern networks\nWe prune ferns with sparse moss masks."
FERN = "Sparse fern pruning\nMoss masks for sparse networks of ferns."
BIRD = "Bird song retrieval\nWe retrieve audio of songs from a large corpus of birds."
TOPICS = ("tide", "glacier", "violin", "bridge", "orchid", "comet", "harbour", "lantern")
OTHERS = [f"{topic} study {n}\nThe {topic} of {n} {topic}s" for topic in TOPICS for n in range(3)]


def vectors(*texts: str) -> list[PaperVector]:
    return [make_vector(text) for text in texts]


def count(found: list[PaperVector]) -> Statistics:
    statistics = Statistics()
    statistics.add(found)
    return statistics


def scores(liked: list[str], left: list[str], asked: list[str]) -> np.ndarray:
    background = vectors(*OTHERS)
    examples = [Example(vector, 1.0) for vector in vectors(*liked)]
    examples += [Example(vector, -1.0) for vector in vectors(*left)]
    model = learn(examples, background, count([*vectors(*liked, *left), *background]))
    assert model is not None
    return model.score(vectors(*asked))


def test_a_paper_like_the_list_scores_above_others() -> None:
    fern, bird, other = scores([MOSS], [], [FERN, BIRD, OTHERS[0]])
    assert fern > 2 and fern > bird and fern > other


def test_scores_of_ordinary_papers_have_mean_0_and_deviation_1() -> None:
    found = scores([MOSS, FERN], [BIRD], OTHERS)
    assert found.mean() == pytest.approx(0, abs=1e-3)
    assert found.std() == pytest.approx(1, abs=1e-3)


def test_papers_left_aside_count_against_their_like() -> None:
    song = "Songs of birds\nAudio retrieval of bird songs."
    [before], [after] = scores([MOSS], [], [song]), scores([MOSS], [BIRD], [song])
    assert after < before


def test_the_same_list_gives_the_same_scores() -> None:
    assert (scores([MOSS, FERN], [BIRD], OTHERS) == scores([MOSS, FERN], [BIRD], OTHERS)).all()


def test_without_a_liked_paper_nothing_is_learnt() -> None:
    [bird] = vectors(BIRD)
    assert learn([Example(bird, -1.0)], vectors(*OTHERS), count([bird])) is None
    assert learn([], [], Statistics()) is None


def test_papers_without_text_are_scored_and_learnt_from() -> None:
    found = scores([MOSS, ""], [""], ["", FERN])
    assert np.isfinite(found).all() and found[1] > found[0]


def test_a_store_without_other_papers_is_no_obstacle() -> None:
    [moss] = vectors(MOSS)
    model = learn([Example(moss, 1.0)], [], count([moss]))
    assert model is not None
    fern, bird = model.score(vectors(FERN, BIRD))
    assert fern > bird


def test_a_vector_is_the_same_after_it_was_stored() -> None:
    for text in (MOSS, "", "Größe 漢字 \x00 \ud800", "word " * 1_000):
        made = make_vector(text)
        read = unpack(*pack(made))
        assert (made.terms == read.terms).all() and (made.counts == read.counts).all()
        assert (made.meaning == read.meaning).all()


def test_word_vectors_are_those_of_the_pipeline() -> None:
    vocab = pytest.importorskip("spacy.vocab").Vocab()
    vocab.from_disk("nlp/model/vocab")
    for word in ("pruning", "a", "größe", "antidisestablishmentarianism"):
        [theirs] = np.asarray(vocab.vectors.get_batch([word]))
        assert embed_word(word) @ theirs == pytest.approx(np.linalg.norm(theirs), rel=1e-4)


def test_a_text_without_words_means_nothing() -> None:
    assert embed("the of").tolist() == [0.0] * WIDTH


def test_terms_weigh_by_tf_idf_and_each_paper_has_length_1() -> None:
    found = vectors(MOSS, FERN, "")
    rows = count(found).weigh(found)
    assert [float(np.linalg.norm(rows.row(n)[1])) for n in range(3)] == pytest.approx([1, 1, 0])
    terms, weights = rows.row(0)
    [fern, sparse] = (int(make_vector(word).terms[0]) for word in ("prune", "sparse"))
    weight = dict(zip(terms.tolist(), weights.tolist(), strict=True))
    # of three papers, one says "prune" and two say "sparse", each once
    expected = (np.log(4 / 2) + 1) / (np.log(4 / 3) + 1)
    assert weight[fern] / weight[sparse] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("effects", "strongest"),
    [({"ada": 0.5, "bo": -0.8}, -0.8), ({"ada": 0.9, "bo": -0.8}, 0.9), ({"cy": 1.0}, 0.0)],
)
def test_the_author_who_counts_most_decides(effects: dict[str, float], strongest: float) -> None:
    assert strongest_effect(["Ada", "Bo"], effects) == strongest
