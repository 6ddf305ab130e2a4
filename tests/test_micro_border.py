import micro_models
import pytest

from tflite_export import flatbuffer
from tflite_export.micro_border import Border


@pytest.fixture
def model():
    return flatbuffer.parse(micro_models.whole())


def test_reads_input_and_output(model):
    border = Border.of(model, "tiny")
    assert (border.given.shape, border.given_bytes) == ((1, 6, 6, 3), 108)
    assert (border.got.shape, border.got_bytes) == ((1, 3), 3)
    border.check_image("tiny")
    border.check_logits("tiny", 3)


def test_refuses_several_inputs(model):
    model.subgraphs[0].inputs = [0, 1]
    with pytest.raises(ValueError, match="tiny to have one input.* got 2"):
        Border.of(model, "tiny")


def test_refuses_another_type(model):
    model.subgraphs[0].tensors[0].type = 3
    with pytest.raises(ValueError, match=r"tiny to be int8 .*uint8 \(1, 6"):
        Border.of(model, "tiny")


def test_refuses_a_larger_batch(model):
    model.subgraphs[0].tensors[0].shape = [2, 6, 6, 3]
    with pytest.raises(ValueError, match=r"batch of 1, got int8 \(2, 6, 6, 3"):
        Border.of(model, "tiny")


def test_refuses_an_input_that_is_no_image(model):
    model.subgraphs[0].tensors[0].shape = [1, 108]
    border = Border.of(model, "tiny")
    with pytest.raises(ValueError, match=r"to be an image.*got \(1, 108\)"):
        border.check_image("tiny")
