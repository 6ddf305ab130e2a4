"""Options and fixtures that all tests share."""

import hypothesis
import pytest

# The same cases on every machine, however slow it is.
hypothesis.settings.register_profile(
    "repeatable", derandomize=True, deadline=None
)
hypothesis.settings.load_profile("repeatable")


def pytest_addoption(parser):
    parser.addoption(
        "--runslow", action="store_true", help="also run the slow tests"
    )


def pytest_collection_modifyitems(config, items):
    if config.getoption("--runslow"):
        return
    skip = pytest.mark.skip(reason="slow: needs --runslow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
