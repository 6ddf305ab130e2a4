import types

import numpy as np
import pytest

import hlp_keras
from tflite_export import representative


def split(labels):
    labels = np.array(labels)
    images = labels.astype(np.uint8).reshape(-1, 1, 1, 1)
    return types.SimpleNamespace(images=images, labels=labels)


def source(class_names):
    return types.SimpleNamespace(
        name="here",
        class_names=class_names,
        train=split([0, 0, 0, 1]),
        test=split([1, 0]),
    )


TAXONOMY = hlp_keras.Taxonomy.from_nested(["a", "b", "c"])


def test_labels_become_class_indices_of_the_network():
    chosen = representative.choose(source(["c", "a"]), TAXONOMY, number=2)
    assert chosen.test_labels.tolist() == [0, 2]
    assert chosen.test_images.shape == (2, 1, 1, 1)


def test_a_cutout_counts_like_the_full_network():
    pruned = TAXONOMY.prune(["b", "c"])
    chosen = representative.choose(source(["c", "a"]), pruned, number=2)
    assert chosen.test_labels.tolist() == [0, 2]


def test_a_cutout_is_calibrated_with_images_of_its_categories():
    pruned = TAXONOMY.prune(["b", "c"])
    chosen = representative.choose(source(["a", "c"]), pruned, number=3)
    assert chosen.calibration_images.ravel().tolist() == [1]
    assert chosen.calibration.indices == (3,)
    with pytest.raises(ValueError, match="one calibration image, got 3 out of"):
        representative.choose(source(["a", "c"]), TAXONOMY.prune(["b"]), 3)


def test_records_how_images_were_chosen():
    chosen = representative.choose(source(["a", "b"]), TAXONOMY, 2, seed=7)
    record = chosen.calibration
    assert (record.source, record.number, record.seed) == ("here", 2, 7)
    # One of each class.
    assert chosen.calibration_images.ravel().tolist() == [0, 1]
    assert record.indices[1] == 3


def test_refuses_classes_that_the_network_does_not_know():
    with pytest.raises(ValueError, match="a, b, c, got some of x, y too in he"):
        representative.choose(source(["x", "a", "y"]), TAXONOMY, 2)


def test_choice_is_balanced_and_seeded():
    labels = np.repeat([0, 1, 2], [50, 30, 3])
    chosen = representative.choose_balanced(labels, 15, seed=1)
    assert np.bincount(labels[chosen]).tolist() == [6, 6, 3]
    again = representative.choose_balanced(labels, 15, seed=1)
    other = representative.choose_balanced(labels, 15, seed=2)
    np.testing.assert_array_equal(chosen, again)
    assert chosen.tolist() != other.tolist()


def test_takes_all_when_there_are_too_few():
    chosen = representative.choose_balanced([1, 0, 1], 500)
    assert chosen.tolist() == [0, 1, 2]


@pytest.mark.parametrize(("labels", "number"), [([], 5), ([1, 2], 0)])
def test_refuses_to_choose_nothing(labels, number):
    with pytest.raises(ValueError, match="at least one calibration image"):
        representative.choose_balanced(labels, number)
