"""Keeps away what native libraries print."""

import contextlib
import os
import sys
import warnings


@contextlib.contextmanager
def quiet():
    """Drops all that a block prints; its exceptions say what went wrong.

    TensorFlow's converter writes pages of notices, in part from C++, so file
    descriptors 1 and 2 are redirected, and `sys.stdout` for where it is not
    descriptor 1, as in a notebook. `sys.stderr` stays the same object, since
    loggers that are made in the block keep it.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    saved = {fd: os.dup(fd) for fd in (1, 2)}
    try:
        with (
            open(os.devnull, "w") as nowhere,
            contextlib.redirect_stdout(nowhere),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            for fd in saved:
                os.dup2(nowhere.fileno(), fd)
            yield
    finally:
        sys.stderr.flush()
        for fd, copy in saved.items():
            os.dup2(copy, fd)
            os.close(copy)
