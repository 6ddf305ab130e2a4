"""The command `python -m demo`: flags, and what becomes of errors."""

import os
import pathlib
import sys

from absl import app, flags

_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", "demo_out", "Directory for all that the demo writes."
)
_EPOCHS = flags.DEFINE_integer(
    "epochs", None, "Passes over the images, in place of the configuration's."
)


def _main(arguments):
    if len(arguments) > 1:
        raise app.UsageError(f"Unexpected arguments: {arguments[1:]}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Imported late: TensorFlow takes seconds, and a wrong flag none.
    from demo import run

    try:
        run.run(pathlib.Path(_OUTPUT_DIR.value), _EPOCHS.value)
    except (ValueError, OSError, RuntimeError, FloatingPointError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    app.run(_main)
