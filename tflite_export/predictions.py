"""How accurate the slices of a master are on real images."""

import dataclasses

import numpy as np

from tflite_export import verify
from tflite_export.manifest import Accuracy
from tflite_export.slicing import Master


@dataclasses.dataclass(frozen=True, eq=False)
class Predictions:
    """A master's logits for test images, of which slices have a part.

    The master runs once, however many slices there are.

    Attributes:
        positions: of every label in the logits.
        class_indices: of every label.
        logits: int8, of shape `(images, labels)`.
        truth: class index of every image.
    """

    positions: dict[str, int]
    class_indices: np.ndarray
    logits: np.ndarray
    truth: np.ndarray

    @classmethod
    def of(cls, master: Master, images, truth) -> "Predictions":
        """Runs a master on images, float32 in [0, 1], with a neutral gain.

        Raises:
            ValueError: there is not one class index for each image.
        """
        truth = np.asarray(truth)
        if truth.shape != (len(images),):
            raise ValueError(
                f"Expected one class index per test image, so an array of "
                f"shape {(len(images),)}, got {truth.shape}."
            )
        labels = master.metadata["labels"]
        model = master.model
        inputs = verify.integers(model, verify.real_inputs(model, images))
        return cls(
            positions={label: i for i, label in enumerate(labels)},
            class_indices=np.array(master.metadata["class_indices"]),
            logits=verify.run_litert(master.data, inputs),
            truth=truth,
        )

    def accuracy(self, labels) -> Accuracy | None:
        """On the images of some categories; None when there is no image."""
        kept = [self.positions[label] for label in labels]
        indices = self.class_indices[kept]
        chosen = np.isin(self.truth, indices)
        if not chosen.any():
            return None
        top = indices[self.logits[chosen][:, kept].argmax(-1)]
        return Accuracy(
            images=int(chosen.sum()),
            int8=float(np.mean(top == self.truth[chosen])),
        )
