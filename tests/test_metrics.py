import keras
import numpy as np
import pytest

from hlp_keras import metrics

# In class order: ship, cat, bird, dog, car. In the first two rows the ship is
# more probable than any other category and than a pet, but not than an animal.
PROBABILITIES = [
    [0.45, 0.20, 0.20, 0.15, 0.00],
    [0.45, 0.20, 0.20, 0.15, 0.00],
    [0.00, 0.60, 0.10, 0.10, 0.20],
    [0.10, 0.00, 0.00, 0.10, 0.80],
]
LOGITS = np.log(np.array(PROBABILITIES, "float32") + 1e-9)
LABELS = np.array([1, 0, 3, 0])  # cat, ship, dog, ship


@pytest.mark.parametrize(
    "level, hits",
    [
        (1, [1, 0, 1, 1]),  # found: animal, animal, animal, vehicle
        (2, [0, 1, 1, 0]),  # found: ship, ship, pet, car
    ],
)
def test_the_most_probable_node_is_the_one_whose_categories_sum_to_most(
    taxonomy, level, hits
):
    metric = metrics.LevelAccuracy(taxonomy, level)
    for label, logits, hit in zip(LABELS, LOGITS, hits, strict=True):
        metric.reset_state()
        assert metric(label[None], logits[None]) == hit


def test_batches_are_averaged_and_labels_may_be_a_column(taxonomy):
    metric = metrics.LevelAccuracy(taxonomy, 1)
    metric.update_state(LABELS[:1], LOGITS[:1])
    metric.update_state(LABELS[1:, None], LOGITS[1:])
    assert metric.result() == 0.75


def test_samples_may_have_weights(taxonomy):
    metric = metrics.LevelAccuracy(taxonomy, 1)
    weights = np.array([1, 2, 3, 4])
    found = metric(LABELS, LOGITS, weights)
    assert float(found) == pytest.approx((1 + 3 + 4) / 10)


def test_there_is_one_for_every_level_of_nodes(taxonomy):
    found = metrics.level_accuracies(taxonomy)
    assert [(metric.name, metric.level) for metric in found] == [
        ("level_1_accuracy", 1),
        ("level_2_accuracy", 2),
    ]


def test_it_is_saved_with_its_taxonomy_and_level(taxonomy):
    metric = metrics.LevelAccuracy(taxonomy, 2, name="groups")
    config = keras.saving.serialize_keras_object(metric)
    copy = keras.saving.deserialize_keras_object(config)
    assert copy.get_config() == metric.get_config()
    assert copy(LABELS, LOGITS) == metric(LABELS, LOGITS)


@pytest.mark.parametrize("level", [0, 3])
def test_a_level_without_nodes_is_refused(taxonomy, level):
    with pytest.raises(
        ValueError, match=f"level of nodes, 1 to 2, got {level}"
    ):
        metrics.LevelAccuracy(taxonomy, level)
