"""Distillation: what a trained network answers is a second target.

After Hinton et al., "Distilling the Knowledge in a Neural Network", arXiv
1503.02531; the teacher sees the augmented images of the batch, as in Beyer et
al., arXiv 2106.05237.
"""

import os

import keras

import hlp_keras
from training import pretrained


def load_teacher(
    name: str | os.PathLike, student: hlp_keras.HLPModel
) -> hlp_keras.HLPModel:
    """Loads a network whose logits are those of the student's categories.

    Args:
        name: of a preset, or the path of a `.keras` file. A network of more
            categories is cut to those of the student.
        student: the network that is to learn from it.

    Raises:
        ValueError: no such network, or not for these images and categories.
    """
    teacher = pretrained.load(name, "config.teacher")
    _check(teacher, name, student)
    return hlp_keras.cutout(
        hlp_keras.without_gain(teacher), student.taxonomy.categories
    )


def _check(teacher, name, student):
    shape, expected = (m.inputs[0].shape[1:] for m in (teacher, student))
    if shape != expected:
        raise ValueError(
            f"Expected a teacher for images of shape {expected}, but {name} "
            f"takes {shape}. Train one for these images."
        )
    categories = student.taxonomy.categories
    of_teacher = teacher.taxonomy.categories
    missing = sorted(set(categories) - set(of_teacher))
    if missing:
        raise ValueError(
            f"Expected a teacher for all categories, but {name} does not know "
            f"{', '.join(missing)}. Choose one that was trained on them."
        )
    if tuple(c for c in of_teacher if c in categories) != categories:
        raise ValueError(
            f"Expected a teacher with the categories in the order "
            f"{', '.join(categories)}, but {name} has another. Train one with "
            f"the same taxonomy."
        )


def mirrored(teacher: keras.Model) -> keras.Model:
    """Makes a teacher that looks at every image twice, once mirrored.

    Its logits are the mean of both.

    Args:
        teacher: of images of shape `(batch, height, width, channels)`.
    """
    image = keras.Input(teacher.inputs[0].shape[1:])
    logits = (teacher(image) + teacher(keras.ops.flip(image, axis=2))) / 2
    return keras.Model(image, logits)


def distiller(
    student: hlp_keras.HLPModel,
    teacher: keras.Model,
    metrics: list[keras.metrics.Metric],
    weight: float = 0.5,
    temperature: float = 2.0,
) -> keras.distillation.Distiller:
    """Makes what is fitted in place of the student, and trains it alone.

    ```
    distiller(student, load_teacher("cifar10_resnet_mcu", student), []).fit(...)
    ```

    Its loss is `(1 - weight) * loss + weight * T**2 * KL(teacher / T, student /
    T)` with the temperature `T` and the loss that the student is compiled with.
    It has the student's optimizer.

    Args:
        student: a compiled network without a gain.
        teacher: stays as it is.
        metrics: of the student's answers.
        weight: of the divergence from the teacher's answers, 0 to 1.
        temperature: above 0; the higher, the more the categories count that
            come next.
    """
    made = keras.distillation.Distiller(
        teacher,
        student,
        # By its name Keras 3.15 takes the divergence of logits, without a
        # softmax.
        keras.distillation.LogitsDistillation(
            temperature, keras.losses.KLDivergence()
        ),
        student_loss_weight=1 - weight,
    )
    made.compile(student.optimizer, student.loss, metrics)
    return made
