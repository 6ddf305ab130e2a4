"""Checks an exported model against what it was made from.

Needs no Keras: only the model that `compare_with_keras` is given does.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from tflite_export import flatbuffer, gains, quiet, tflm
from tflite_export.manifest import Accuracy, Kernels, Tensor

_SOME = "The model"
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
    model, data: bytes, images, labels, limits: Limits, name: str = _SOME
) -> Accuracy:
    """Compares a Keras model with its int8 form in LiteRT.

    Args:
        model: a `keras.Model`, images to logits; a gain is neutral.
        data: the flatbuffer made from it.
        images: test images, float32 in [0, 1].
        labels: the position of the right logit of every image.
        limits: what is tolerated.
        name: what errors call it.

    Raises:
        VerificationError: the difference is beyond `limits`.
    """
    labels = np.asarray(labels)
    expected, got, step = _logits(model, data, images)
    difference = np.abs(expected - got)
    top_expected, top_got = expected.argmax(-1), got.argmax(-1)
    accuracy = Accuracy(
        images=len(images),
        float32=float(np.mean(top_expected == labels)),
        int8=float(np.mean(top_got == labels)),
        agreement=float(np.mean(top_expected == top_got)),
        largest_difference=float(difference.max()),
        rms_difference=_rms(difference),
    )
    _check_accuracy(accuracy, limits.accuracy_drop, name)
    _check_logits(expected, got, step, limits, name)
    return accuracy


def check_gain(
    model, data: bytes, images, factors, limits: Limits, name: str = _SOME
) -> None:
    """Compares a Keras model with its int8 form under a gain.

    Args:
        model: a `keras.Model`, images and gain to logits.
        data: the flatbuffer made from it.
        images: float32 in [0, 1].
        factors: of the gain, for every image.
        limits: what is tolerated of the logits.
        name: what errors call it.

    Raises:
        VerificationError: the difference is beyond `limits`.
    """
    logits = _logits(model, data, images, factors)
    _check_logits(*logits, limits, name, " under random gains")


def _logits(model, data, images, factors=None):
    """What Keras and LiteRT give, and a step of LiteRT's integers."""
    parsed = flatbuffer.parse(data)
    values = real_inputs(parsed, images, factors)
    # TensorFlow warns that every new model is traced anew.
    with quiet.quiet():
        given = list(values) if len(values) > 1 else values[0]
        expected = model.predict(given, verbose=0)
    (output,) = flatbuffer.outputs(parsed)
    got = dequantise(run_litert(data, integers(parsed, values)), output)
    return expected, got, output.scale or 0.0


def _rms(difference):
    return float(np.sqrt(np.mean(difference**2)))


def _check_accuracy(accuracy, tolerated, name):
    lost = round((accuracy.float32 - accuracy.int8) * accuracy.images)
    if lost > max(tolerated * accuracy.images, 1):
        raise VerificationError(
            f"{name}: The accuracy of int8 is {accuracy.int8:.4f}, that of "
            f"float {accuracy.float32:.4f}, on {accuracy.images} images; a "
            f"drop of {tolerated} is tolerated. {_ADVICE}"
        )


def _check_logits(expected, got, step, limits, name, when=""):
    tolerated = limits.logit_difference * float(expected.std()) + step
    difference = _rms(expected - got)
    if not difference <= tolerated:
        raise VerificationError(
            f"{name}: The logits of int8{when} differ from those of float by a "
            f"root mean square of {difference:.3g}; {tolerated:.3g} is "
            f"tolerated. {_ADVICE}"
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """A model to run on other kernels.

    Attributes:
        data: the flatbuffer.
        inputs: integers for each input, as the model takes them; few, since
            reference kernels are slow.
        reference: the integers that LiteRT's reference kernels give.
        name: what errors call it: the stem of its file, or that of a part.
    """

    data: bytes
    inputs: tuple[np.ndarray, ...]
    reference: np.ndarray
    name: str = _SOME

    @classmethod
    def of(cls, data: bytes, images, factors=None, name: str = _SOME) -> "Case":
        """Runs the reference kernels on float32 images in [0, 1]."""
        model = flatbuffer.parse(data)
        inputs = integers(model, real_inputs(model, images, factors))
        return cls(data, inputs, run_reference(data, inputs), name)


@dataclasses.dataclass(frozen=True, eq=False)
class Compared:
    """How kernels compare, and the integers of TFLM; None when skipped.

    What it was skipped for is in `kernels`.
    """

    kernels: Kernels
    tflm: np.ndarray | None


def compare_kernels(
    data: bytes, images, factors=None, name: str = _SOME
) -> Kernels:
    """Compares a model's kernels on images, see `compare_all_kernels`."""
    case = Case.of(data, images, factors, name)
    return compare_all_kernels([case])[0].kernels


def compare_all_kernels(
    cases: Sequence[Case],
    runs: Sequence[tflm.Run | tflm.Refused] | None = None,
) -> list[Compared]:
    """Compares the integers of LiteRT's reference kernels with others.

    LiteRT's optimised kernels may differ by a few steps. TFLM gives the same
    integers but for dense layers: it rounds their sums twice where LiteRT
    rounds once, so that a few logits in a thousand differ by one step. More
    than one for each dense layer in sequence fails. Where TFLM is not
    installed, or has no kernel for an operator of a model, it is skipped, and
    the result says why.

    Args:
        cases: models and what to run them on.
        runs: what `run_tflm` gave for these, when that is known already.

    Raises:
        VerificationError: TFLM differs by more.
    """
    runs = run_tflm(cases) if runs is None else runs
    compared = []
    for case, run in zip(cases, runs, strict=True):
        default = run_litert(case.data, case.inputs)
        kernels = Kernels(
            images=len(case.reference),
            default_steps=int(_steps(default, case.reference).max()),
            tflm_steps=None,
            tflm_identical=None,
            tflm_skipped="",
            arena_bytes=None,
        )
        if isinstance(run, tflm.Refused):
            kernels = dataclasses.replace(kernels, tflm_skipped=run.reason)
            compared.append(Compared(kernels, None))
        else:
            kernels = _with_tflm(kernels, run, case)
            compared.append(Compared(kernels, run.outputs))
    return compared


def _with_tflm(kernels, run, case):
    steps = _steps(run.outputs, case.reference)
    _check_tflm_steps(run.outputs, steps, case)
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


def run_tflm(cases: Sequence[Case]) -> list[tflm.Run | tflm.Refused]:
    """Runs models in TFLM; refuses each when it is not installed."""
    if reason := tflm.missing_reason():
        return [tflm.Refused(reason)] * len(cases)
    return tflm.run_all([(case.data, case.inputs) for case in cases])


def _check_tflm_steps(outputs, steps, case):
    if steps.max() <= 1:
        return  # Of nearly every model: no need to look at its layers.
    dense = flatbuffer.dense_in_sequence(flatbuffer.parse(case.data))
    tolerated = max(dense, 1)
    wrong = np.flatnonzero(steps > tolerated)
    if wrong.size:
        raise VerificationError(
            f"{case.name}: TFLM gives other logits than LiteRT's reference "
            f"kernels, by up to {steps.max()} steps where {tolerated} may "
            f"come of rounding, for {wrong.size} of {len(outputs)} images; the "
            f"first: {outputs[wrong[0]]} against {case.reference[wrong[0]]}."
        )


def run_reference(data: bytes, inputs) -> np.ndarray:
    """Runs a model on LiteRT's reference kernels, see `run_litert`."""
    return run_litert(data, inputs, OpResolverType.BUILTIN_REF)


def run_litert(
    data: bytes, inputs, kernels: OpResolverType = OpResolverType.AUTO
) -> np.ndarray:
    """Runs a model of batch 1 on each of `inputs`, as they are.

    Args:
        data: the flatbuffer.
        inputs: an array of one input after another, or a tuple of an array
            for each input of the model.
        kernels: which ones.
    """
    inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    with quiet.quiet():
        interpreter = Interpreter(
            model_content=data,
            experimental_op_resolver_type=kernels,
            num_threads=1,
        )
        interpreter.allocate_tensors()
        given = [each["index"] for each in interpreter.get_input_details()]
        got = interpreter.get_output_details()[0]["index"]
        outputs = []
        for sample in zip(*inputs, strict=True):
            for index, values in zip(given, sample, strict=True):
                interpreter.set_tensor(index, values[np.newaxis])
            interpreter.invoke()
            outputs.append(interpreter.get_tensor(got)[0])
    return np.stack(outputs)


def real_inputs(model, images, factors=None) -> tuple[np.ndarray, ...]:
    """What a parsed model takes: images, and a gain if it has one.

    Args:
        model: a `ModelT`.
        images: float32 in [0, 1].
        factors: of the gain for every image; by default neutral.
    """
    tensors = flatbuffer.inputs(model)
    if len(tensors) == 1:
        return (images,)
    if factors is None:
        factors = gains.neutral(len(images), tensors[1].shape[1])
    return images, factors


def integers(model, values) -> tuple[np.ndarray, ...]:
    """The integers of real values for every input of a parsed model."""
    tensors = flatbuffer.inputs(model)
    return tuple(map(quantise, values, tensors))


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
