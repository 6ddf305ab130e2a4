"""What needs tf-keras in place of Keras, so a process of its own.

`make test-tf-keras` runs these tests.
"""

import os

if os.environ.get("TF_USE_LEGACY_KERAS") != "1":
    collect_ignore_glob = ["test_*.py"]
