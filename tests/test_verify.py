import export_models
import keras
import numpy as np
import pytest

from tflite_export import convert, manifest, tflm, verify

LIMITS = verify.Limits()


def images(number=32):
    return export_models.images(number, seed=1) / np.float32(255)


def scaled(factor):
    """The network with its logits multiplied, which the file does not know."""
    model = export_models.cutout()
    return keras.Model(model.inputs, model.outputs[0] * factor)


def labels_of(model):
    return model.predict(images(), verbose=0).argmax(-1)


def test_a_converted_model_agrees_with_keras(capfd):
    model, data = export_models.cutout(), export_models.flatbuffer_of()
    labels = labels_of(model)
    capfd.readouterr()
    result = verify.compare_with_keras(model, data, images(), labels, LIMITS)
    assert (result.images, result.float32) == (32, 1.0)
    assert result.int8 == result.agreement >= 30 / 32
    assert 0 < result.rms_difference < result.largest_difference < 0.2
    assert capfd.readouterr() == ("", "")


def test_another_model_is_less_accurate():
    model, data = scaled(-1), export_models.flatbuffer_of()
    with pytest.raises(
        verify.VerificationError, match="^cat: The acc.* int8 .* more images"
    ):
        verify.compare_with_keras(
            model, data, images(), labels_of(model), LIMITS, "cat"
        )


def test_other_logits_are_found_when_the_accuracy_is_the_same():
    model, data = scaled(2), export_models.flatbuffer_of()
    with pytest.raises(
        verify.VerificationError, match="^cat: The logits of int8 differ"
    ):
        verify.compare_with_keras(
            model, data, images(), labels_of(model), LIMITS, "cat"
        )


def test_limits_can_be_widened():
    model, data = scaled(-1), export_models.flatbuffer_of()
    limits = verify.Limits(accuracy_drop=1.0, logit_difference=10.0)
    result = verify.compare_with_keras(
        model, data, images(), labels_of(model), limits
    )
    assert result.agreement < 0.5


def test_kernels_of_litert_and_tflm_agree():
    pytest.importorskip("tflite_micro")
    result = verify.compare_kernels(export_models.flatbuffer_of(), images(8))
    assert result.images == 8
    assert result.default_steps <= 10
    assert result.tflm_steps <= 1
    assert result.tflm_skipped == ""
    assert result.arena_bytes > 0


def test_tflm_is_skipped_visibly(monkeypatch):
    monkeypatch.setattr(tflm, "missing_reason", lambda: "it is not here")
    result = verify.compare_kernels(export_models.flatbuffer_of(), images(2))
    assert result.tflm_skipped == "it is not here"
    assert result.tflm_steps is result.arena_bytes is None


@pytest.fixture
def wrong_tflm(monkeypatch):
    """Makes TFLM seem to be some steps off for the first of all images."""

    def by(steps):
        def run_all(cases):
            ((data, inputs),) = cases
            outputs = verify.run_reference(data, inputs).astype(int)
            outputs[0] += steps
            return [tflm.Run(outputs, arena_bytes=1)]

        monkeypatch.setattr(tflm, "missing_reason", lambda: "")
        monkeypatch.setattr(tflm, "run_all", run_all)

    return by


def test_tflm_may_round_by_one_step(wrong_tflm):
    wrong_tflm(by := 1)
    result = verify.compare_kernels(export_models.flatbuffer_of(), images(4))
    assert (result.tflm_steps, result.tflm_identical) == (by, 3)


def test_tflm_may_not_differ_by_more(wrong_tflm):
    wrong_tflm(2)
    case = verify.Case.of(export_models.flatbuffer_of(), images(4), name="cat")
    with pytest.raises(
        verify.VerificationError, match="^cat: TFLM .* 2 steps .* 1 of 4 im"
    ):
        verify.compare_all_kernels([case])


def test_tflm_may_round_in_each_of_several_dense_layers(wrong_tflm):
    model = keras.Sequential(
        [
            keras.Input((4, 4, 3)),
            keras.layers.Dense(4),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2),
        ]
    )
    some = np.random.default_rng(0).random((4, 4, 4, 3), np.float32)
    case = verify.Case.of(convert.convert(model, some), some)
    wrong_tflm(by := 2)
    (ran,) = verify.compare_all_kernels([case])
    assert ran.kernels.tflm_steps == by
    wrong_tflm(3)
    with pytest.raises(verify.VerificationError, match="3 steps where 2 may"):
        verify.compare_all_kernels([case])


def test_a_model_that_tflm_refuses_is_skipped_and_says_why(monkeypatch):
    data, refused = export_models.flatbuffer_of(), tflm.Refused("no such op")

    def run_all(cases):
        first, _ = cases
        return [tflm.Run(verify.run_reference(*first), 1), refused]

    monkeypatch.setattr(tflm, "missing_reason", lambda: "")
    monkeypatch.setattr(tflm, "run_all", run_all)
    cases = [verify.Case.of(data, images(2))] * 2
    ran, skipped = verify.compare_all_kernels(cases)
    assert (ran.kernels.tflm_skipped, ran.kernels.tflm_identical) == ("", 2)
    assert skipped.kernels.tflm_skipped == "no such op"
    assert skipped.kernels.tflm_steps is skipped.tflm is None


def test_int8_input_is_pixel_minus_128():
    tensor = manifest.Tensor("image", (256,), "int8", 1 / 255, -128)
    pixels = np.arange(256)
    integers = verify.quantise((pixels / 255).astype(np.float32), tensor)
    assert integers.dtype == np.int8
    np.testing.assert_array_equal(integers, pixels - 128)
    np.testing.assert_allclose(
        verify.dequantise(integers, tensor), pixels / 255, atol=1e-6
    )


def test_quantising_saturates_and_leaves_floats_alone():
    tensor = manifest.Tensor("x", (2,), "int8", 0.5, 0)
    values = np.array([1000.0, -1000.0], np.float32)
    assert verify.quantise(values, tensor).tolist() == [127, -128]
    floats = manifest.Tensor("x", (2,), "float32", None, None)
    np.testing.assert_array_equal(verify.quantise(values, floats), values)
    np.testing.assert_array_equal(verify.dequantise(values, floats), values)
