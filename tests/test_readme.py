import pathlib
import re

import numpy as np

README = pathlib.Path(__file__).parent.parent / "README.md"


def test_the_example_runs():
    text = README.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(code.strip().splitlines()) <= 20  # It is to be seen at once.
    random = np.random.default_rng(0)
    names = {
        "images": random.random((8, 32, 32, 3), "float32"),
        "labels": random.integers(0, 7, 8),
    }
    exec(code.replace("epochs=20", "epochs=1"), names)
    assert names["small"].taxonomy.categories == ("cat", "car", "truck", "ship")
