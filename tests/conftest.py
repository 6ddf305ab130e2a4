"""Options and fixtures that all tests share."""

import os

import hypothesis
import pytest

# On JAX most of the time goes into compiling what runs once.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

# The same cases on every machine, however slow it is.
hypothesis.settings.register_profile(
    "repeatable", derandomize=True, deadline=None
)
hypothesis.settings.register_profile(
    "thorough",
    parent=hypothesis.settings.get_profile("repeatable"),
    max_examples=1000,
)
hypothesis.settings.load_profile("repeatable")


def pytest_addoption(parser):
    parser.addoption(
        "--runslow", action="store_true", help="also run the slow tests"
    )


def pytest_configure(config):
    if config.getoption("--runslow"):
        hypothesis.settings.load_profile("thorough")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--runslow"):
        return
    skip = pytest.mark.skip(reason="slow: needs --runslow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def taxonomy():
    """Five leaves at two heights, not in tree order."""
    import networks  # not above: it loads Keras, which not all tests need

    return networks.TAXONOMY


@pytest.fixture(scope="session")
def model():
    """A network over `taxonomy` that looks trained and must not be changed."""
    import networks

    return networks.shared()
