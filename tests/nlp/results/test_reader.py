"""The network that reads whole texts for results: where its parts stand, and what it computes."""

from pathlib import Path

import numpy as np
import pytest

from nlp.extract import load_model
from nlp.results.passage import Passage
from nlp.results.reader import NUMBER, ResultReader, distance, lay_out, read_network
from nlp.results.reading import FIELDS
from nlp.spans import LABELS, Mention
from nlp.tagger.minilm import MiniLM, States, read_minilm
from nlp.tagger.transformer import read_weights, write_weights
from nlp.training.result_weights import Labelled
from nlp.version import ACCURATE

TEXT = "OwletNet: Counting Nests\nOwletNet reaches 81.2% accuracy on PondQA, and Heron 79.0%."
PASSAGE = Passage(
    TEXT,
    [
        Mention(0, 8, "METHOD", "OwletNet"),
        Mention(25, 33, "METHOD", "OwletNet"),
        Mention(48, 56, "METRIC", "accuracy"),
        Mention(60, 66, "DATASET", "PondQA"),
        Mention(72, 77, "METHOD", "Heron"),
    ],
)


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return read_minilm(ACCURATE)


@pytest.fixture(scope="module")
def network() -> ResultReader:
    return read_network(ACCURATE)


def read_halfway(minilm: MiniLM, text: str) -> States:
    return minilm.states(load_model().make_doc(text))


@pytest.fixture(scope="module")
def states(minilm: MiniLM) -> States:
    return read_halfway(minilm, TEXT)


def test_the_pieces_of_mentions_and_numbers_are_marked_by_their_kind(states: States) -> None:
    layout = lay_out(PASSAGE, states)
    assert [TEXT[mention.start : mention.end] for mention in PASSAGE.mentions] == [
        *("OwletNet", "OwletNet", "accuracy", "PondQA", "Heron")
    ]
    assert {*layout.types.tolist()} == {
        0,
        NUMBER,
        *(1 + LABELS.index(label) for label in ("METHOD", "DATASET", "METRIC")),
    }
    assert len(layout.numbers) == 2
    assert [len(layout.mentions[label]) for label in FIELDS] == [1, 1, 3]
    # the special pieces at both ends belong to nothing
    assert layout.types[0] == layout.types[-1] == 0


def test_distances_grow_with_the_pieces_between_and_tell_the_side() -> None:
    classes = [distance((100, 101), (place, place)) for place in (0, 60, 97, 99, 102, 105, 300)]
    assert classes == sorted(classes)
    assert classes[3] < 12 < classes[4]
    assert min(classes) >= 1
    assert max(classes) <= 23


def test_each_number_gets_chances_for_its_kinds_and_for_every_surface(
    network: ResultReader, states: States
) -> None:
    readings = network.read(PASSAGE, states)
    assert [*readings] == [TEXT.index("81.2%"), TEXT.index("79.0%")]
    for reading in readings.values():
        assert sum(np.exp(reading.kinds)) == pytest.approx(1, abs=1e-3)
        for chances in reading.links.values():
            assert sum(np.exp(value) for value in chances.values()) == pytest.approx(1, abs=1e-3)
        assert {*reading.links["METHOD"]} == {"owletnet", "heron", None}


def test_the_packaged_network_finds_whose_numbers_they_are(
    network: ResultReader, states: States
) -> None:
    own, other = network.read(PASSAGE, states).values()
    assert own.result > 0
    assert max(own.links["METRIC"], key=own.links["METRIC"].__getitem__) == "accuracy"
    assert max(own.links["DATASET"], key=own.links["DATASET"].__getitem__) == "pondqa"
    assert max(own.links["METHOD"], key=own.links["METHOD"].__getitem__) == "owletnet"
    assert max(other.links["METHOD"], key=other.links["METHOD"].__getitem__) == "heron"


def test_texts_without_numbers_and_empty_texts_are_read(
    network: ResultReader, minilm: MiniLM
) -> None:
    for text in ("", "Owlet counts nests."):
        assert network.read(Passage(text, []), read_halfway(minilm, text)) == {}


def test_a_text_of_several_windows_is_read_to_its_end(
    network: ResultReader, minilm: MiniLM
) -> None:
    text = "Heron wades in 3 ponds. " * 300
    states = read_halfway(minilm, text)
    assert len(states.windows) > 1
    assert len(network.read(Passage(text, []), states)) == 300


def test_numpy_reads_like_torch_up_to_the_rounding_of_weights(
    tmp_path: Path, minilm: MiniLM, states: States
) -> None:
    torch = pytest.importorskip("torch", reason="training needs the packages of papermargin[train]")
    training = pytest.importorskip("nlp.training.reader")
    torch.manual_seed(1)
    reader = training.Reader().eval()
    reader.start_from(minilm)
    for label in FIELDS:
        torch.nn.init.normal_(reader.link[label.lower()][-1].weight)
    example = training.make_example(Labelled(PASSAGE, [None, None]), states)
    with torch.inference_mode():
        ((head, links),) = reader([example])
    write_weights(tmp_path / "reader.npz", training.reader_weights(reader))
    found = ResultReader(read_weights(tmp_path / "reader.npz")).read(PASSAGE, states)
    for place, reading in enumerate(found.values()):
        kinds = head[place, :-1].log_softmax(-1)
        np.testing.assert_allclose(reading.kinds, kinds, atol=0.05)
        chances = links["DATASET"][place].softmax(-1).tolist()
        np.testing.assert_allclose(
            [np.exp(reading.links["DATASET"][name]) for name in ("pondqa", None)],
            chances,
            atol=0.05,
        )
