import keras
import numpy as np
import pytest

from hlp_keras import losses, metrics
from hlp_keras.losses import HierarchicalCrossentropy
from hlp_keras.taxonomy import Taxonomy

RNG = np.random.default_rng(0)
LABELS = np.array([0, 1, 2, 3, 4, 1])
LOGITS = RNG.normal(0, 3, (6, 5)).astype("float32")


def softmax(logits):
    p = np.exp(logits - logits.max())
    return p / p.sum()


def reference(taxonomy, label, logits, coarse, sets_weight, sets, smoothing):
    """The loss of one image, term by term.

    `coarse` are the weights of the levels, `sets` tuples of categories.
    """
    p = dict(zip(taxonomy.categories, softmax(logits), strict=True))
    category = taxonomy.categories[label]

    def p_sum(names):
        return sum(p[name] for name in names)

    even = np.mean([-np.log(p[name]) for name in p])
    loss = (1 - smoothing) * -np.log(p[category]) + smoothing * even
    for weight, node in zip(
        coarse, reversed(taxonomy.ancestors(category)), strict=True
    ):
        loss += weight * -np.log(p_sum(taxonomy.leaves(node)))
    inside = [
        -np.log(p[category] / p_sum(names))
        for names in sets
        if category in names
    ]
    return loss + sets_weight * (np.mean(inside) if inside else 0)


@pytest.mark.parametrize(
    "arguments, coarse",
    [
        ({"coarse_weight": 0}, [0, 0]),
        ({"coarse_weight": 0.6}, [0.3, 0.3]),
        ({"coarse_weight": [0.1, 0.7]}, [0.1, 0.7]),
        ({"coarse_weight": 0, "label_smoothing": 0.1}, [0, 0]),
        ({"coarse_weight": 0, "sets_weight": 0.5, "num_sets": 2}, [0, 0]),
        (
            {"coarse_weight": 1.0, "sets_weight": 2.0, "label_smoothing": 0.2},
            [0.5, 0.5],
        ),
    ],
    ids=str,
)
def test_every_term_is_what_the_formula_says(taxonomy, arguments, coarse):
    levelled = taxonomy.levelled()
    drawn = losses.draw_sets(levelled, arguments.get("num_sets", 16), seed=3)
    sets = [tuple(np.array(taxonomy.categories)[row]) for row in drawn]
    expected = [
        reference(
            levelled,
            label,
            logits,
            coarse,
            arguments.get("sets_weight", 0),
            sets,
            arguments.get("label_smoothing", 0),
        )
        for label, logits in zip(LABELS, LOGITS, strict=True)
    ]
    loss = HierarchicalCrossentropy(
        taxonomy, **arguments, seed=3, reduction=None
    )
    np.testing.assert_allclose(loss(LABELS, LOGITS), expected, rtol=1e-4)


def test_labels_may_be_a_column_and_the_batch_is_averaged(taxonomy):
    loss = HierarchicalCrossentropy(taxonomy)
    each = HierarchicalCrossentropy(taxonomy, reduction=None)
    expected = np.mean(each(LABELS, LOGITS))
    np.testing.assert_allclose(loss(LABELS[:, None], LOGITS), expected, 1e-5)


@pytest.mark.parametrize("shape", [(2, 7), (2, 1, 3)])
def test_labels_that_are_no_positions_are_refused(taxonomy, shape):
    loss = HierarchicalCrossentropy(taxonomy)
    logits = np.zeros((2, len(taxonomy.categories)), np.float32)
    with pytest.raises(ValueError, match="labels, of shape .* take the argmax"):
        loss.call(np.zeros(shape), logits)
    metric = metrics.LevelAccuracy(taxonomy, 1)
    with pytest.raises(ValueError, match="labels, of shape .* take the argmax"):
        metric.update_state(np.zeros(shape), logits)


def test_logits_of_other_categories_are_refused(taxonomy):
    message = "taxonomy's 5 categories, got 3. .* `model.taxonomy`: that of a c"
    with pytest.raises(ValueError, match=message):
        HierarchicalCrossentropy(taxonomy)(LABELS, LOGITS[:, :3])
    with pytest.raises(ValueError, match=message):
        metrics.LevelAccuracy(taxonomy, 1)(LABELS, LOGITS[:, :3])


def test_labels_of_a_size_that_is_not_known_are_taken(taxonomy):
    loss = HierarchicalCrossentropy(taxonomy)
    labels = keras.Input((None,), dtype="int32")
    logits = keras.Input((len(taxonomy.categories),))
    assert losses.as_indices(labels).shape == (None,)
    assert loss.call(labels, logits).shape == (None,)


def test_extreme_logits_give_finite_losses(taxonomy):
    loss = HierarchicalCrossentropy(
        taxonomy, sets_weight=1, label_smoothing=0.1
    )
    assert np.isfinite(loss(LABELS, 1e4 * LOGITS))


def test_without_nodes_it_is_plain_crossentropy():
    flat = Taxonomy.from_nested(list("abcde"))
    plain = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    np.testing.assert_allclose(
        HierarchicalCrossentropy(flat)(LABELS, LOGITS),
        plain(LABELS, LOGITS),
        rtol=1e-5,
    )


def test_a_cutout_is_trained_over_its_own_categories(taxonomy):
    pruned = taxonomy.prune(["pet", "car"])  # cat, dog, car
    loss = HierarchicalCrossentropy(
        pruned, coarse_weight=[1, 0], reduction=None
    )
    labels, logits = np.array([0, 2]), LOGITS[:2, :3]
    p_cat, p_dog, p_car = softmax(logits[0])
    expected = [-np.log(p_cat) - np.log(p_cat + p_dog)]
    expected.append(-2 * np.log(softmax(logits[1])[2]))
    np.testing.assert_allclose(loss(labels, logits), expected, rtol=1e-5)


def test_sets_are_unions_of_the_deepest_nodes_drawn_by_seed(taxonomy):
    sets = losses.draw_sets(taxonomy.levelled(), num_sets=30, seed=0)
    cat, dog = (taxonomy.categories.index(name) for name in ("cat", "dog"))
    assert sets.shape == (30, 5)
    assert sets.any(axis=1).all()
    np.testing.assert_array_equal(sets[:, cat], sets[:, dog])
    assert len(np.unique(sets, axis=0)) > 5
    again = losses.draw_sets(taxonomy.levelled(), num_sets=30, seed=0)
    np.testing.assert_array_equal(again, sets)


def test_membership_says_which_node_holds_a_category(taxonomy):
    # ship, cat, bird, dog, car in animal, vehicle
    np.testing.assert_array_equal(
        losses.membership(taxonomy.levelled(), 1),
        [[0, 1], [1, 0], [1, 0], [1, 0], [0, 1]],
    )


def test_it_is_saved_with_all_its_arguments(taxonomy):
    loss = HierarchicalCrossentropy(
        taxonomy.prune(["pet", "ship"]),
        coarse_weight=(0.1, 0.2),
        sets_weight=0.3,
        num_sets=4,
        label_smoothing=0.1,
        seed=5,
        name="loss",
        reduction="sum",
    )
    config = keras.saving.serialize_keras_object(loss)
    copy = keras.saving.deserialize_keras_object(config)
    assert copy.get_config() == loss.get_config()
    labels, logits = np.array([0, 1, 2]), LOGITS[:3, :3]
    np.testing.assert_allclose(copy(labels, logits), loss(labels, logits))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"coarse_weight": -1}, "`coarse_weight` .* at least 0, .*got -1"),
        ({"coarse_weight": float("nan")}, "`coarse_weight` .* got nan"),
        ({"coarse_weight": np.float32(-1)}, r"`coarse_weight` .*at least 0"),
        ({"coarse_weight": [1]}, r"each of the 2 levels of nodes, got \[1\]"),
        ({"sets_weight": -0.1}, "`sets_weight` to be at least 0, got -0.1"),
        ({"label_smoothing": 1}, r"`label_smoothing` in \[0, 1\), got 1"),
        ({"num_sets": 0}, "`num_sets` of at least 1, got 0"),
    ],
)
def test_weights_out_of_range_are_refused(taxonomy, arguments, message):
    with pytest.raises(ValueError, match=message):
        HierarchicalCrossentropy(taxonomy, **arguments)
