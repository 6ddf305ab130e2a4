from tflite_export import edgetpu_memory
from tflite_export.edgetpu_memory import Memory

MIB = 2**20


def test_the_first_model_has_the_first_choice():
    first, second = edgetpu_memory.share([[5 * MIB], [2 * MIB, 4 * MIB]])
    assert first == Memory(5 * MIB, 0)
    assert second == Memory(2 * MIB, 4 * MIB)


def test_a_smaller_operator_fits_after_one_that_did_not():
    (share,) = edgetpu_memory.share([[9 * MIB, 8 * MIB]])
    assert share == Memory(8 * MIB, 9 * MIB)


def test_a_table_of_models_and_their_sum():
    text = edgetpu_memory.table({"cat": [7 * MIB], "vehicles": [2 * MIB]})
    assert text.splitlines() == [
        "cat       7,168.0 KiB on the chip, 0.0 KiB streamed",
        "vehicles  0.0 KiB on the chip, 2,048.0 KiB streamed",
        "all       7,168.0 KiB on the chip, 2,048.0 KiB streamed",
        "(an estimate: of 8 MiB the instructions take some, and the compiler "
        "pads parameters)",
    ]
