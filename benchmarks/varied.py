"""A configuration with settings changed, as benchmarks are told them."""

import argparse
import re
import shlex
import urllib.parse
from collections.abc import Sequence


def add_flag(parser: argparse.ArgumentParser) -> None:
    """Gives a command the flag `--vary`, which may come several times."""
    parser.add_argument(
        "--vary", action="append", default=[], metavar="SETTING=VALUE"
    )


def flags(varied: Sequence[str]) -> str:
    """The changes as typed after a command, with a space before each."""
    return "".join(f" --vary {shlex.quote(change)}" for change in varied)


def settings(varied: Sequence[str]) -> dict[str, str]:
    """The changes as `config.load_config` takes them.

    ```
    settings(["epochs=8", "teacher=mine.keras temperature=4"])
    ```

    Args:
        varied: each written as SETTING=VALUE, or several of them with a space
            between.

    Raises:
        ValueError: one is written in another way.
    """
    # Values may have spaces, too.
    changes = [
        change for each in varied for change in re.split(r" +(?=\w+=)", each)
    ]
    for change in changes:
        if "=" not in change:
            raise ValueError(
                f"Expected SETTING=VALUE, as in coarse_weight=0, got "
                f"{change!r}."
            )
    return dict(change.split("=", 1) for change in changes)


def file_name(varied: Sequence[str]) -> str:
    """The changes as a part of a file's name, which has no slashes."""
    return "_".join(urllib.parse.quote(one, safe=" =(),.") for one in varied)
