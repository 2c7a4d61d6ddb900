"""The assignment that results were found by before: each number and each link chosen by itself.

It is kept as the baseline of the evaluation and has no part in the package's extraction.
"""

from collections.abc import Iterable, Iterator, Sequence

from nlp.results.assign import Weights
from nlp.results.features import amount_features, link_features
from nlp.results.find import LINKS
from nlp.results.linear import Choice, choose, fit, probability
from nlp.results.numbers import Amount, clean_value
from nlp.results.passage import Passage
from nlp.results.reading import FIELDS
from nlp.spans import Label, Mention, Result
from nlp.training.corpus import LabelledText
from nlp.training.result_weights import DECAY, Answer, fold, kind_of, read_passage


def fit_independent(texts: Iterable[LabelledText]) -> Weights:
    """Fit one model of whether a number is a result, and one for each label of its links."""
    choices: dict[str, list[Choice]] = {name: [] for name in ("value", *FIELDS)}
    for text in texts:
        passage, answers = read_passage(text)
        for amount, answer in zip(passage.amounts, answers, strict=True):
            is_result = kind_of(answer) != "other"
            features = [*amount_features(passage, amount)]
            choices["value"].append(([[], features], int(is_result)))
            if answer and is_result:
                for label in FIELDS:
                    choices[label] += _link_choice(passage, amount, label, answer)
    return {name: fit(examples, decay=DECAY) for name, examples in choices.items()}


def find_independently(
    text: str, mentions: Sequence[Mention], weights: Weights
) -> Iterator[Result]:
    """Yield the results of a text, all of the kind `own`."""
    passage = Passage(text, mentions)
    for amount in passage.amounts:
        if probability(weights["value"], amount_features(passage, amount)) >= 0.5:
            yield Result(
                amount.start,
                amount.end,
                clean_value(passage.surface(amount)),
                kind="own",
                metric=_surface(passage, amount, "METRIC", weights),
                dataset=_surface(passage, amount, "DATASET", weights),
                method=_surface(passage, amount, "METHOD", weights),
            )


def _link_choice(
    passage: Passage, amount: Amount, label: Label, answer: Answer
) -> Iterator[Choice]:
    """Yield the choice of the right mention, or of none; nothing if it is not nearby."""
    peers = passage.near(amount, label)
    known = [fold(passage.surface(peer)) for peer in peers]
    surface = fold(answer[LINKS[label]])
    if peers and (not surface or surface in known):
        right = known.index(surface) if surface else len(peers)
        yield [*link_features(passage, amount, peers)], right


def _surface(passage: Passage, amount: Amount, label: Label, weights: Weights) -> str | None:
    peers = passage.near(amount, label)
    number = choose(weights[label], [*link_features(passage, amount, peers)])
    return passage.surface(peers[number]) if number < len(peers) else None
