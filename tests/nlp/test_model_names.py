"""Splitting the names of models."""

import pytest

from nlp.model_names import ModelName, split_model_name


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("OwletNet-7B", ModelName("OwletNet", "7B")),
        ("OwletNet 8x7B", ModelName("OwletNet", "8x7B")),
        ("Owlet3-30B-A3B", ModelName("Owlet3", "30B-A3B")),
        ("Owlet-2-9b-it", ModelName("Owlet-2", "9B", variant="instruct")),
        ("Owlet-7B-Instruct-1M", ModelName("Owlet", "7B", "1M", "instruct")),
        ("Owlet-34B-200K", ModelName("Owlet", "34B", "200K")),
        ("Owlet-4o-2024-08-06", ModelName("Owlet-4o", variant="2024-08-06")),
        ("Owlet-2-Chat", ModelName("Owlet-2", variant="chat")),
    ],
)
def test_size_context_and_variant_are_split_off(name: str, parts: ModelName) -> None:
    assert split_model_name(name) == parts


@pytest.mark.parametrize("name", ["OwletGen-Instruct", "OWLv8m", "Owlet-Base", "Owl 3.1", "7B"])
def test_other_names_stay_whole(name: str) -> None:
    assert split_model_name(name) == ModelName(name)
