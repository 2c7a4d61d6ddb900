"""Generated libraries come back from each format as they were, as far as it can say it.

`python -m tests.bench.round_trips` does the same with 1,000 libraries a format.
"""

import pytest

from server.exports.formats import FormatName
from tests.server.exports.libraries import CARRIED, differences, make_library

SHORT = 30


@pytest.mark.parametrize("name", CARRIED)
def test_generated_libraries_come_back_as_they_were(name: FormatName) -> None:
    found = {seed: differences(name, make_library(seed)) for seed in range(SHORT)}
    assert {seed: lines for seed, lines in found.items() if lines} == {}
