import os
import warnings

import pytest

from tflite_export.quiet import quiet


def test_drops_what_python_and_native_code_print(capfd):
    with quiet():
        print("from Python")
        os.write(1, b"from C\n")
        os.write(2, b"from C\n")
        warnings.warn("a warning", stacklevel=1)
    print("after")
    assert capfd.readouterr() == ("after\n", "")


def test_lets_exceptions_through_and_restores_output(capfd):
    with pytest.raises(ValueError, match="the reason"), quiet():
        raise ValueError("the reason")
    os.write(1, b"after\n")
    assert capfd.readouterr().out == "after\n"
