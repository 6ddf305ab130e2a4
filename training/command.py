"""How a command runs: what `--help` lists, and what becomes of errors."""

import os
import subprocess
import sys
from collections.abc import Callable

from absl import app, flags, logging

# What the user can mend.
_MISTAKES = (
    ValueError,
    OSError,
    RuntimeError,
    FloatingPointError,
    subprocess.TimeoutExpired,
)


def run(name: str, module: str, main: Callable[[], int | None]) -> None:
    """Runs a command and exits; a mistake becomes one line.

    Args:
        name: of the command.
        module: `__name__` of the module that defines its flags.
        main: does it; returns the exit code, None for 0.
    """
    # absl lists the flags of the script that was started, and that of an
    # installed command has none.
    for flag in flags.FLAGS.get_flags_for_module(module):
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    app.run(lambda arguments: _run(name, main, arguments))


def _run(name, main, arguments):
    if len(arguments) > 1:
        raise app.UsageError(f"Unexpected arguments: {arguments[1:]}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        return main() or 0
    except _MISTAKES as error:
        logging.debug("Where it happened:", exc_info=True)
        print(f"{name}: {error}", file=sys.stderr)
        return 1
