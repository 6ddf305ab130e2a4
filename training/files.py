"""Writes files whole or not at all."""

import contextlib
import os
import pathlib
import secrets
from collections.abc import Iterator


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Gives a temporary path beside `path`, which it becomes at the end.

    ```
    with replacing("out/result.json") as partial:
        partial.write_text(text)
    ```

    Whoever is killed on the way, or gets an error, leaves the old file. Of two
    that write at once, each has a temporary path of its own, and the later one
    stays. Its name keeps the suffix, by which some writers choose the format.

    Raises:
        OSError: the file cannot be written; the message names `path`.
    """
    path = pathlib.Path(path)
    name = f"{path.stem}.{secrets.token_hex(4)}.partial{path.suffix}"
    partial = path.with_name(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise OSError(
            f"{path} cannot be written: {error}. What stood there before is "
            f"kept. Free some space or choose another directory."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
