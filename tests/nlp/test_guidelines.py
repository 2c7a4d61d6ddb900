"""The packaged pipeline follows each rule of the annotation guidelines, on our own sentences."""

import pytest

from nlp.accurate import make_accurate
from nlp.extract import extract, load_model

NLP = make_accurate(load_model())


def read(text: str) -> dict[str, str]:
    (found,) = extract(NLP, [text])
    return {text[mention.start : mention.end]: mention.label for mention in found.mentions}


FOUND = [
    (
        "We compare BERT, GPT-4o and Swin Transformer on parsing.",
        "METHOD",
        ["BERT", "GPT-4o", "Swin Transformer"],
    ),
    (
        "Large language models (LLMs) and diffusion models still fail.",
        "METHOD",
        ["Large language models", "LLMs"],
    ),
    (
        "We combine contrastive learning with knowledge distillation.",
        "METHOD",
        ["contrastive learning"],
    ),
    (
        "We train with AdamW, batch normalization and data augmentation.",
        "METHOD",
        ["AdamW", "data augmentation"],
    ),
    (
        "Beam search is compared with speculative decoding.",
        "METHOD",
        ["Beam search", "speculative decoding"],
    ),
    (
        "OwletNet: Counting Nests\nWe introduce OwletNet, which counts nests.",
        "METHOD",
        ["OwletNet"],
    ),
    ("We propose Owl-Led Annealing (OwLA), a search.", "METHOD", ["Owl-Led Annealing", "OwLA"]),
    (
        "Self-supervised learning and instruction tuning help.",
        "METHOD",
        ["Self-supervised learning"],
    ),
    ("We evaluate on ImageNet, GLUE and MS MARCO.", "DATASET", ["ImageNet", "GLUE", "MS MARCO"]),
    ("We present NestBench, a benchmark of owl pictures.", "DATASET", ["NestBench"]),
    ("Results on CIFAR-10/100 are good.", "DATASET", ["CIFAR-10/100"]),
    ("We report results on CIFAR-10 and ImageNet.", "DATASET", ["CIFAR-10", "ImageNet"]),
    ("The model reaches 81.2% accuracy and a BLEU of 31.4.", "METRIC", ["accuracy", "BLEU"]),
    ("It reaches 84.0% top-1 accuracy on ImageNet.", "METRIC", ["top-1 accuracy"]),
    (
        "It cuts training cost, memory usage and FLOPs.",
        "METRIC",
        ["training cost", "memory usage", "FLOPs"],
    ),
    (
        "We study image classification and machine translation.",
        "TASK",
        ["image classification", "machine translation"],
    ),
    (
        "Few-shot learning and continual learning remain hard.",
        "TASK",
        ["Few-shot learning", "continual learning"],
    ),
    ("We work on hallucination detection.", "TASK", ["hallucination detection"]),
    (
        "A diffusion model and a language model share a decoder.",
        "METHOD",
        ["diffusion model", "language model"],
    ),
    ("ResNet-50 is smaller than Llama 3.1.", "METHOD", ["ResNet-50", "Llama 3.1"]),
    ("Llama 3.1 8B beats Qwen2.5 7B on owls.", "METHOD", ["Llama 3.1 8B", "Qwen2.5 7B"]),
    ("We improve speech translation and recognition.", "TASK", ["speech translation"]),
    ("It brings a 2.1x speed-up and gains 3.1% in Recall@5.", "METRIC", ["speed-up", "Recall@5"]),
    ("Its F1-scores reach 81.2% on ImageNet.", "METRIC", ["F1-scores"]),
    ("OwletNet: Counting Nests\nWe propose \\textbf{OwletNet}, a model.", "METHOD", ["OwletNet"]),
]


@pytest.mark.parametrize(("text", "label", "surfaces"), FOUND)
def test_a_name_gets_its_label_and_borders(text: str, label: str, surfaces: list[str]) -> None:
    found = read(text)
    assert {surface: found.get(surface) for surface in surfaces} == dict.fromkeys(surfaces, label)


LEFT_OUT = [
    ("Our method is a simple neural network.", ["method", "neural network", "Our method"]),
    (
        "Deep learning and machine learning need training and inference.",
        ["Deep learning", "machine learning", "training"],
    ),
    (
        "The code is written in PyTorch and runs on NVIDIA GPUs.",
        ["PyTorch", "NVIDIA", "GPUs", "NVIDIA GPUs"],
    ),
    (
        "We train on several public datasets, web data and images.",
        ["datasets", "public datasets", "web data", "images"],
    ),
    ("It improves performance, quality and robustness.", ["performance", "quality", "robustness"]),
    ("It helps on many downstream tasks in healthcare.", ["downstream tasks", "healthcare"]),
    (
        "Deep neural networks need fine-tuning and reasoning.",
        ["Deep neural networks", "fine-tuning", "reasoning"],
    ),
    ("We explain scaling laws and overfitting.", ["scaling laws", "overfitting"]),
    (
        "We fine-tune a BERT model on the ImageNet dataset.",
        ["BERT model", "ImageNet dataset", "the ImageNet dataset"],
    ),
    (
        "It solves the image classification task.",
        ["image classification task", "the image classification task"],
    ),
    ("GPT-4's answers and BERT's are compared.", ["GPT-4's", "BERT's", "'s"]),
    ("OwletNet is at https://github.com/nest/BERT now.", ["BERT", "nest", "github"]),
    ("OwletNet is at nest.github.io/BERT and doi:10.1000/GLUE.", ["BERT", "GLUE", "nest"]),
    (
        "We use what \\cite{BERT} and \\BERT say in \\ref{tab:GLUE}.",
        ["BERT", "GLUE", "\\BERT", "tab:GLUE"],
    ),
    ("We improve speech translation and recognition.", ["recognition"]),
    ("It costs $\\mathcal{O}(n)$ owls.", ["mathcal", "O", "n", "$\\mathcal{O}(n)$"]),
]


@pytest.mark.parametrize(("text", "surfaces"), LEFT_OUT)
def test_what_is_no_name_is_left_out(text: str, surfaces: list[str]) -> None:
    assert read(text).keys() & {*surfaces} == set()


def test_an_abbreviation_inside_a_term_does_not_split_it() -> None:
    found = read(
        "Vision-language-action (VLA) models are used for "
        "graphical user interface (GUI) navigation."
    )
    assert {
        "Vision-language-action (VLA) models",
        "graphical user interface (GUI) navigation",
    } <= found.keys()
    assert {"VLA", "GUI"}.isdisjoint(found)


def test_one_surface_has_one_label_at_each_of_its_places() -> None:
    text = "OwletNet is small. We compare OwletNet with BERT. Few use OwletNet on ImageNet."
    (found,) = extract(NLP, [text])
    assert [m.start for m in found.mentions if m.term == "OwletNet"] == [0, 30, 58]
    assert {m.label for m in found.mentions if m.term == "OwletNet"} == {"METHOD"}


def test_mentions_do_not_overlap_and_the_longest_is_marked() -> None:
    found = read("Latent diffusion models are diffusion models in a small space.")
    assert found == {"Latent diffusion models": "METHOD", "diffusion models": "METHOD"}
