"""Settings of Hypothesis for all tests, and a second try in CI for those that drive a browser."""

import os

import pytest
from hypothesis import HealthCheck, settings

# a busy machine is no reason to fail
settings.register_profile(
    "papermargin", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("papermargin")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a browser's test that fails in CI run once more; the summary lists it as rerun.

    Several browsers share two cores there, and one test in some thousand met a page that the
    browser had not finished. A fault of ours fails twice.
    """
    if not os.environ.get("CI"):
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))
