"""Checks an exported model against what it was made from.

Needs no Keras: only the model that `compare_with_keras` is given does.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from tflite_export import flatbuffer, quiet, tflm
from tflite_export.manifest import Accuracy, Kernels, Tensor

# What TFLM's other rounding in dense layers can make of a logit.
_TFLM_STEPS = 1
_ADVICE = (
    "Calibrate with more images, of the kind that the network will see, or "
    "train longer: int8 loses more on a network that is unsure."
)


class VerificationError(RuntimeError):
    """An exported model does not compute what it should."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """How far an int8 model may be from its float model.

    Attributes:
        accuracy_drop: largest loss of accuracy, as a share of the images. A
            single image is always forgiven, for small test sets.
        logit_difference: largest root mean square difference of the logits,
            as a share of the standard deviation that the float logits have.
            One integer step is always forgiven.
    """

    accuracy_drop: float = 0.02
    logit_difference: float = 0.25


def compare_with_keras(
    model, data: bytes, images, labels, limits: Limits
) -> Accuracy:
    """Compares a Keras model with its int8 form in LiteRT.

    Args:
        model: a `keras.Model`, images to logits.
        data: the flatbuffer made from it.
        images: test images, float32 in [0, 1].
        labels: the position of the right logit of every image.
        limits: what is tolerated.

    Raises:
        VerificationError: the difference is beyond `limits`.
    """
    labels = np.asarray(labels)
    expected = _predict(model, images)
    parsed = flatbuffer.parse(data)
    (output,) = flatbuffer.outputs(parsed)
    (given,) = flatbuffer.inputs(parsed)
    got = dequantise(run_litert(data, quantise(images, given)), output)
    difference = np.abs(expected - got)
    top_expected, top_got = expected.argmax(-1), got.argmax(-1)
    accuracy = Accuracy(
        images=len(images),
        float32=float(np.mean(top_expected == labels)),
        int8=float(np.mean(top_got == labels)),
        agreement=float(np.mean(top_expected == top_got)),
        largest_difference=float(difference.max()),
        rms_difference=float(np.sqrt(np.mean(difference**2))),
    )
    _check_accuracy(accuracy, limits.accuracy_drop)
    step = output.scale or 0.0
    spread = float(expected.std())
    _check_logits(accuracy, limits.logit_difference * spread + step)
    return accuracy


def _predict(model, images):
    # TensorFlow warns that every new model is traced anew.
    with quiet.quiet():
        return model.predict(images, verbose=0)


def _check_accuracy(accuracy, tolerated):
    lost = round((accuracy.float32 - accuracy.int8) * accuracy.images)
    if lost > max(tolerated * accuracy.images, 1):
        raise VerificationError(
            f"The accuracy of int8 is {accuracy.int8:.4f}, that of float "
            f"{accuracy.float32:.4f}, on {accuracy.images} images; a drop of "
            f"{tolerated} is tolerated. {_ADVICE}"
        )


def _check_logits(accuracy, tolerated):
    if not accuracy.rms_difference <= tolerated:
        raise VerificationError(
            f"The logits of int8 differ from those of float by a root mean "
            f"square of {accuracy.rms_difference:.3g}; {tolerated:.3g} is "
            f"tolerated. {_ADVICE}"
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """A model to run on other kernels.

    Attributes:
        data: the flatbuffer.
        inputs: integers, as the model takes them; few, since reference
            kernels are slow.
        reference: the integers that LiteRT's reference kernels give.
    """

    data: bytes
    inputs: np.ndarray
    reference: np.ndarray

    @classmethod
    def of(cls, data: bytes, images) -> "Case":
        """Runs the reference kernels on float32 images in [0, 1]."""
        (given,) = flatbuffer.inputs(flatbuffer.parse(data))
        inputs = quantise(images, given)
        return cls(data, inputs, run_reference(data, inputs))


@dataclasses.dataclass(frozen=True, eq=False)
class Compared:
    """How kernels compare, and the integers of TFLM; None when skipped."""

    kernels: Kernels
    tflm: np.ndarray | None


def compare_kernels(data: bytes, images) -> Kernels:
    """Compares a model's kernels on images, see `compare_all_kernels`."""
    return compare_all_kernels([Case.of(data, images)])[0].kernels


def compare_all_kernels(
    cases: Sequence[Case], runs: Sequence[tflm.Run | None] | None = None
) -> list[Compared]:
    """Compares the integers of LiteRT's reference kernels with others.

    LiteRT's optimised kernels may differ by a few steps. TFLM gives the same
    integers but for dense layers: it rounds their sums twice where LiteRT
    rounds once, so that a few logits in a thousand differ by one step. More
    than that fails. TFLM is skipped, and the result says so, when it is not
    installed.

    Args:
        cases: models and what to run them on.
        runs: what `run_tflm` gave for these, when that is known already.

    Raises:
        VerificationError: TFLM cannot run a model, or differs by more.
    """
    runs = run_tflm(cases) if runs is None else runs
    reason = tflm.missing_reason()
    compared = []
    for case, run in zip(cases, runs, strict=True):
        default = run_litert(case.data, case.inputs)
        kernels = Kernels(
            images=len(case.inputs),
            default_steps=int(_steps(default, case.reference).max()),
            tflm_steps=None,
            tflm_identical=None,
            tflm_skipped=reason,
            arena_bytes=None,
        )
        if run:
            kernels = _with_tflm(kernels, run, case.reference)
        compared.append(Compared(kernels, run and run.outputs))
    return compared


def _with_tflm(kernels, run, reference):
    steps = _steps(run.outputs, reference)
    _check_tflm_steps(run.outputs, reference, steps)
    return dataclasses.replace(
        kernels,
        tflm_steps=int(steps.max()),
        tflm_identical=int(np.sum(steps == 0)),
        arena_bytes=run.arena_bytes,
    )


def _steps(integers, reference):
    """The largest difference for every image."""
    steps = np.abs(np.subtract(integers, reference, dtype=np.int64))
    return steps.reshape(len(steps), -1).max(-1)


def run_tflm(cases: Sequence[Case]) -> list[tflm.Run | None]:
    """Runs models in TFLM; gives None for each when it is not installed.

    Raises:
        VerificationError: TFLM cannot run a model.
    """
    if tflm.missing_reason():
        return [None] * len(cases)
    try:
        return tflm.run_all([(case.data, case.inputs) for case in cases])
    except RuntimeError as error:
        raise VerificationError(str(error)) from error


def _check_tflm_steps(outputs, reference, steps):
    wrong = np.flatnonzero(steps > _TFLM_STEPS)
    if wrong.size:
        raise VerificationError(
            f"TFLM gives other logits than LiteRT's reference kernels, by up "
            f"to {steps.max()} steps where {_TFLM_STEPS} comes of rounding, "
            f"for {wrong.size} of {len(outputs)} images; the first: "
            f"{outputs[wrong[0]]} against {reference[wrong[0]]}."
        )


def run_reference(data: bytes, inputs) -> np.ndarray:
    """Runs a model on LiteRT's reference kernels, see `run_litert`."""
    return run_litert(data, inputs, OpResolverType.BUILTIN_REF)


def run_litert(
    data: bytes, inputs, kernels: OpResolverType = OpResolverType.AUTO
) -> np.ndarray:
    """Runs a model of batch 1 on each of `inputs`, as they are."""
    with quiet.quiet():
        interpreter = Interpreter(
            model_content=data,
            experimental_op_resolver_type=kernels,
            num_threads=1,
        )
        interpreter.allocate_tensors()
        given = interpreter.get_input_details()[0]["index"]
        got = interpreter.get_output_details()[0]["index"]
        outputs = []
        for values in inputs:
            interpreter.set_tensor(given, values[np.newaxis])
            interpreter.invoke()
            outputs.append(interpreter.get_tensor(got)[0])
    return np.stack(outputs)


def quantise(values, tensor: Tensor) -> np.ndarray:
    """Real values to the integers of an input; float ones stay."""
    if tensor.scale is None:
        return np.asarray(values, dtype=tensor.dtype)
    limits = np.iinfo(tensor.dtype)
    integers = np.rint(values / np.float32(tensor.scale)) + tensor.zero_point
    return np.clip(integers, limits.min, limits.max).astype(tensor.dtype)


def dequantise(integers, tensor: Tensor) -> np.ndarray:
    """The integers of an output to real values; float ones stay."""
    if tensor.scale is None:
        return integers
    shifted = integers.astype(np.float32) - tensor.zero_point
    return shifted * np.float32(tensor.scale)
