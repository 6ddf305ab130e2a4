"""What a master gives for a few images, to compare its slices with."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from tflite_export import flatbuffer, quiet, verify
from tflite_export.manifest import Tensor
from tflite_export.slicing import Master, Slice
from tflite_export.split import Part
from tflite_export.verify import VerificationError

_ADVICE = "This is a fault of hlp-export; please report it."


@dataclasses.dataclass(frozen=True, eq=False)
class Reference:
    """Images, and a master's logits for them on LiteRT's reference kernels.

    Attributes:
        images: float32 in [0, 1]; few, since reference kernels are slow.
        inputs: the integers of these.
        labels: category of every logit.
        output: what the logits are.
        logits: int8, of shape `(images, labels)`.
    """

    images: np.ndarray
    inputs: np.ndarray
    labels: tuple[str, ...]
    output: Tensor
    logits: np.ndarray

    @classmethod
    def of(cls, master: Master, images) -> "Reference":
        """Runs a master on images."""
        inputs = verify.quantise(images, master.input)
        return cls(
            images=images,
            inputs=inputs,
            labels=tuple(master.metadata["labels"]),
            output=master.output,
            logits=verify.run_reference(master.data, inputs),
        )

    def logits_of(self, labels: Sequence[str]) -> np.ndarray:
        """The logits of some categories, in the order given."""
        return self.logits[:, [self.labels.index(label) for label in labels]]

    def check(self, small: Slice) -> verify.Case:
        """Checks that a slice gives the integers of the master.

        Args:
            small: the slice, of any type of image and logits.

        Returns:
            a case for it on these images.

        Raises:
            VerificationError: any integer differs.
        """
        (given,) = flatbuffer.inputs(small.model)
        (got,) = flatbuffer.outputs(small.model)
        inputs = verify.quantise(self.images, given)
        outputs = verify.run_reference(small.data, inputs)
        self._compare(outputs, got, small.metadata["labels"], "A slice")
        return verify.Case(small.data, inputs, outputs)

    def check_bundle(
        self,
        data: bytes,
        models: Mapping[str, tuple[Sequence[str], Tensor, Tensor]],
    ) -> None:
        """Checks that every signature gives the integers of the master.

        Args:
            data: the bundle.
            models: labels, image and logits by signature.

        Raises:
            VerificationError: any integer differs.
        """
        with quiet.quiet():
            interpreter = Interpreter(
                model_content=data,
                experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            )
        for signature, (labels, given, got) in models.items():
            runner = interpreter.get_signature_runner(signature)
            outputs = [
                runner(image=image[np.newaxis])["logits"][0]
                for image in verify.quantise(self.images, given)
            ]
            self._compare(np.stack(outputs), got, labels, f"{signature!r}")

    def check_parts(self, parts: Sequence[Part]) -> list[verify.Case]:
        """Checks that parts, one after another, give the master's integers.

        Returns:
            a case for each part, on what its parent gives.

        Raises:
            VerificationError: any integer differs.
        """
        given = {None: self.inputs}
        cases = []
        for part in parts:
            inputs = given[part.parent]
            outputs = verify.run_reference(part.data, inputs)
            if part.labels:
                self._compare(outputs, self.output, part.labels, part.name)
            given[part.name] = outputs
            cases.append(verify.Case(part.data, inputs, outputs))
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
