"""What a master gives for a few images, to compare its slices with."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from tflite_export import flatbuffer, gains, quiet, verify
from tflite_export.manifest import ExportedModel, Tensor
from tflite_export.slicing import Master, Slice
from tflite_export.split import Part
from tflite_export.verify import VerificationError

_ADVICE = "This is a fault of hlp-export; please report it."


@dataclasses.dataclass(frozen=True, eq=False)
class Reference:
    """Images, and a master's logits for them on LiteRT's reference kernels.

    Attributes:
        images: float32 in [0, 1]; few, since reference kernels are slow.
        gain: factors of every node for each image, by name; neutral for the
            first and random for the others. Empty without a gain.
        inputs: the integers of images and gain.
        labels: category of every logit.
        output: what the logits are.
        logits: int8, of shape `(images, labels)`.
    """

    images: np.ndarray
    gain: Mapping[str, np.ndarray]
    inputs: tuple[np.ndarray, ...]
    labels: tuple[str, ...]
    output: Tensor
    logits: np.ndarray

    @classmethod
    def of(cls, master: Master, images) -> "Reference":
        """Runs a master on images."""
        nodes = master.gain_nodes
        factors = gains.random(len(images), len(nodes))
        values = (images, factors) if nodes else (images,)
        inputs = verify.integers(master.model, values)
        return cls(
            images=images,
            gain=dict(zip(nodes, factors.T, strict=True)),
            inputs=inputs,
            labels=tuple(master.metadata["labels"]),
            output=master.output,
            logits=verify.run_reference(master.data, inputs),
        )

    def logits_of(self, labels: Sequence[str]) -> np.ndarray:
        """The logits of some categories, in the order given."""
        return self.logits[:, [self.labels.index(label) for label in labels]]

    def inputs_of(self, small: Slice) -> tuple[np.ndarray, ...]:
        """The integers of images and gain as a slice takes them."""
        nodes = small.metadata.get(gains.KEY, ())
        values = (self.images, *self._factors(nodes))
        return verify.integers(small.model, values)

    def check(self, small: Slice, name: str = "The slice") -> verify.Case:
        """Checks that a slice gives the integers of the master.

        Args:
            small: the slice, of any type of image and logits.
            name: the stem of its file.

        Returns:
            a case for it on these images.

        Raises:
            VerificationError: any integer differs.
        """
        (got,) = flatbuffer.outputs(small.model)
        inputs = self.inputs_of(small)
        outputs = verify.run_reference(small.data, inputs)
        self._compare(outputs, got, small.metadata["labels"], name)
        return verify.Case(small.data, inputs, outputs, name)

    def _factors(self, nodes):
        """The factors of some nodes, as what comes after the images."""
        if not nodes:
            return ()
        return (np.stack([self.gain[node] for node in nodes], axis=-1),)

    def check_bundle(
        self, data: bytes, models: Mapping[str, ExportedModel]
    ) -> None:
        """Checks that every signature gives the integers of the master.

        Args:
            data: the bundle.
            models: by signature.

        Raises:
            VerificationError: any integer differs.
        """
        with quiet.quiet():
            interpreter = Interpreter(
                model_content=data,
                experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            )
        for signature, model in models.items():
            runner = interpreter.get_signature_runner(signature)
            given = {"image": verify.quantise(self.images, model.input)}
            for factors in self._factors(model.gain_nodes):
                given[gains.INPUT] = verify.quantise(factors, model.gain)
            outputs = [
                runner(**{name: x[i : i + 1] for name, x in given.items()})
                for i in range(len(self.images))
            ]
            logits = np.stack([each["logits"][0] for each in outputs])
            self._compare(logits, model.output, model.labels, f"{signature!r}")

    def check_parts(
        self, parts: Sequence[Part], folder: str = "parts"
    ) -> list[verify.Case]:
        """Checks that parts, one after another, give the master's integers.

        Args:
            parts: each after the one whose output it takes.
            folder: where they are, which errors name.

        Returns:
            a case for each part, on what its parent gives.

        Raises:
            VerificationError: any integer differs.
        """
        given = {None: self.inputs[0]}
        cases = []
        for part in parts:
            model = flatbuffer.parse(part.data)
            factors = self._factors(part.gain_nodes)
            inputs = (
                given[part.parent],
                *map(verify.quantise, factors, flatbuffer.inputs(model)[1:]),
            )
            outputs = verify.run_reference(part.data, inputs)
            name = f"{folder}/{part.name}"
            if part.labels:
                self._compare(outputs, self.output, part.labels, name)
            given[part.name] = outputs
            cases.append(verify.Case(part.data, inputs, outputs, name))
        return cases

    def _compare(self, outputs, tensor, labels, what):
        got = self._as_int8(outputs, tensor)
        expected = self.logits_of(labels)
        if not np.array_equal(got, expected):
            wrong = np.sum((got != expected).any(-1))
            raise VerificationError(
                f"{what} gives other integers than its master for {wrong} of "
                f"{len(expected)} images. {_ADVICE}"
            )

    def _as_int8(self, values, tensor):
        if tensor.scale is None:
            steps = np.rint(values / np.float32(self.output.scale))
        else:
            steps = values.astype(np.int32) - tensor.zero_point
        return steps + self.output.zero_point
