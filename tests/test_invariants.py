"""What holds for every taxonomy and category set."""

import hypothesis
import keras
import networks
import numpy as np
import strategies
from hypothesis import strategies as st

import hlp_keras

# A case makes two or three networks, which is a second of work: too much also
# for shrinking one that fails.
few = hypothesis.settings(
    max_examples=hypothesis.settings().max_examples // 6,
    phases=set(hypothesis.Phase) - {hypothesis.Phase.shrink},
)


def build(case):
    return networks.build(case.taxonomy, family=case.family)


def weights_of(model):
    return {
        name: segment.get_weights() for name, segment in model.segments.items()
    }


@few
@hypothesis.given(strategies.cases())
def test_a_cutout_gives_the_logits_of_the_full_network(case):
    model = build(case)
    small = hlp_keras.cutout(model, case.names)

    kept = [
        index
        for index, name in enumerate(case.taxonomy.categories)
        if {name, *case.taxonomy.ancestors(name)} & set(case.names)
    ]
    assert list(small.taxonomy.class_indices.values()) == kept
    images = networks.images()
    np.testing.assert_allclose(
        networks.run(small, images),
        networks.run(model, images)[:, kept],
        atol=1e-5,
    )


@few
@hypothesis.given(strategies.cases())
def test_a_gain_of_ones_is_neutral(case):
    hypothesis.assume(case.taxonomy.nodes)
    model = build(case)
    attended = hlp_keras.attend(model, case.gate)

    images = networks.images()
    ones = np.ones((len(images), len(model.taxonomy.nodes)))
    np.testing.assert_allclose(
        networks.run(attended, images, ones),
        networks.run(model, images),
        atol=1e-5,
    )


@few
@hypothesis.given(strategies.cases())
def test_a_cutout_costs_what_its_segments_cost(case):
    model = build(case)
    small = hlp_keras.cutout(model, case.names)

    costs = hlp_keras.cost(small)
    assert costs == hlp_keras.cost(model, case.names)
    assert [s.name for s in costs.segments] == list(small.segments)
    alone = [hlp_keras.cost(segment) for segment in small.segments.values()]
    assert costs.params == sum(part.params for part in alone)
    assert costs.macs == sum(part.macs for part in alone)


@few
@hypothesis.given(strategies.cases(), st.data())
def test_a_cutout_of_a_cutout_is_the_cutout(case, data):
    model = build(case)
    small = hlp_keras.cutout(model, case.names)
    names = data.draw(strategies.category_sets(small.taxonomy))
    direct = hlp_keras.cutout(model, small.taxonomy.resolve(names))
    twice = hlp_keras.cutout(small, names)

    assert twice.taxonomy == direct.taxonomy
    assert hlp_keras.cost(twice) == hlp_keras.cost(direct)
    images = networks.images()
    np.testing.assert_allclose(
        networks.run(twice, images), networks.run(direct, images), atol=1e-5
    )


@few
@hypothesis.given(case=strategies.cases())
def test_a_loaded_network_gives_the_numbers_of_the_saved_one(
    case, tmp_path_factory
):
    small = hlp_keras.cutout(build(case), case.names)
    folder = tmp_path_factory.mktemp("saved")
    loaded = networks.save_and_load(small, folder)

    assert loaded.taxonomy == small.taxonomy
    images = networks.images()
    np.testing.assert_allclose(
        networks.run(loaded, images), networks.run(small, images), atol=1e-5
    )


@few
@hypothesis.given(strategies.cases())
def test_no_function_changes_the_network_it_was_given(case):
    model = build(case)
    images = networks.images()
    segments, config = dict(model.segments), model.get_config()
    weights, logits = weights_of(model), networks.run(model, images)
    costs = hlp_keras.cost(model)

    hlp_keras.cutout(model, case.names)
    if model.taxonomy.nodes:
        hlp_keras.cutout(hlp_keras.attend(model, case.gate), case.names)
    hlp_keras.cost(model, case.names)

    assert dict(model.segments) == segments
    assert model.get_config() == config
    assert hlp_keras.cost(model) == costs
    keras.tree.map_structure(
        np.testing.assert_array_equal, weights_of(model), weights
    )
    np.testing.assert_array_equal(networks.run(model, images), logits)
