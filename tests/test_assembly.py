import keras
import networks
import numpy as np
import pytest

from hlp_keras import assembly, gating
from hlp_keras.taxonomy import Taxonomy


def test_segments_are_trunk_branches_and_heads(taxonomy):
    pruned = taxonomy.levelled().prune(["car", "dog"])
    assert assembly.segment_names(pruned) == (
        "trunk",
        "branch_animal",
        "branch_vehicle",
        "branch_pet",
        "branch_car_",
        "head_pet",
        "head_car_",
    )


def test_without_nodes_they_are_trunk_and_head():
    flat = Taxonomy.from_nested(["cat", "dog"])
    assert assembly.segment_names(flat) == ("trunk", "head")


@pytest.mark.parametrize(
    "node, segment",
    [
        ("pet", "branch_pet"),
        ("road vehicle", "branch_road.20.vehicle"),
        ("T-shirt/top", "branch_T-shirt.2f.top"),
        ("öl", "branch_.f6.l"),
        ("a.2f.b", "branch_a.2e.2f.2e.b"),
    ],
)
def test_names_that_keras_refuses_are_written_differently(node, segment):
    assert assembly.branch_name(node) == segment


def test_a_network_of_such_names_can_be_saved(tmp_path):
    taxonomy = Taxonomy.from_nested({"T-shirt/top": ["weiß", "a b"]})
    model = networks.build(taxonomy)
    loaded = networks.save_and_load(model, tmp_path)
    x = networks.images()
    np.testing.assert_allclose(
        networks.run(loaded, x), networks.run(model, x), atol=1e-5
    )


# --- the graph, against one wired by hand ---

_GAIN = {"animal": 0.5, "vehicle": 2.0, "pet": 3.0, "bird_": 0.0}


def _wired_by_hand(model, images, gate):
    """Logits of the fixture's taxonomy, branch by branch."""
    segments = model.segments
    gain = {node: _GAIN.get(node, 1.0) for node in model.taxonomy.nodes}

    def branch(node, x):
        if gate == "branch_input":
            x = gain[node] * x
        for block in segments[f"branch_{node}"].layers:
            x = block(x)
            if gate == "block_outputs":
                x = gain[node] * x
        return x

    def head(node, parent, x):
        if gate == "head_input":
            x = gain[node] * gain[parent] * x
        x = keras.ops.convert_to_numpy(segments[f"head_{node}"](x))
        if gate == "head_output":
            height = x - gating.FLOOR
            x = gating.FLOOR + gain[node] * gain[parent] * height
        return x

    trunk = segments["trunk"](images)
    animal, vehicle = branch("animal", trunk), branch("vehicle", trunk)
    pet = head("pet", "animal", branch("pet", animal))
    columns = {
        "cat": pet[:, 0],
        "dog": pet[:, 1],
        "bird": head("bird_", "animal", branch("bird_", animal))[:, 0],
        "car": head("car_", "vehicle", branch("car_", vehicle))[:, 0],
        "ship": head("ship_", "vehicle", branch("ship_", vehicle))[:, 0],
    }
    return np.stack([columns[c] for c in model.taxonomy.categories], axis=1)


@pytest.mark.parametrize("gate", [None, *gating.GATES])
def test_branches_nest_and_the_gate_sits_where_it_says(gate):
    levels = (((8, 1, 2),), ((8, 2, 1),), ((8, 1, 1),))
    model = networks.shared(levels=levels)
    gated = model.derive(gate=gate)
    images = networks.images()
    inputs = [images]
    if gate is not None:
        gain = [_GAIN.get(node, 1.0) for node in model.taxonomy.nodes]
        inputs.append(np.tile(gain, (len(images), 1)))
    np.testing.assert_allclose(
        networks.run(gated, *inputs),
        _wired_by_hand(model, images, gate),
        atol=1e-5,
    )


@pytest.mark.parametrize("num_nodes", [1, 10, 11, 101])
def test_logits_join_at_most_ten_at_once_and_in_class_order(num_nodes):
    tree = {f"n{i}": [f"c{i}"] for i in range(num_nodes)}
    order = [f"c{i}" for i in reversed(range(num_nodes))]
    taxonomy = Taxonomy.from_nested(tree, categories=order)
    segments = {"trunk": keras.layers.GlobalAveragePooling2D()}
    for i in range(num_nodes):
        segments[f"branch_n{i}"] = keras.layers.Identity()
        segments[f"head_n{i}"] = keras.layers.Dense(1, name=f"c{i}")
    model = keras.Model(*assembly.assemble(taxonomy, segments, (4, 4, 3)))
    networks.randomise(model)

    for layer in model.layers:
        if isinstance(layer, keras.layers.Concatenate):
            assert len(layer.input) <= 10
    x = networks.images(shape=(4, 4, 3))
    logits = [
        x.mean(axis=(1, 2)) @ kernel + bias
        for kernel, bias in (model.get_layer(c).get_weights() for c in order)
    ]
    np.testing.assert_allclose(
        networks.run(model, x), np.concatenate(logits, axis=1), atol=1e-5
    )


def test_outputs_of_blocks_are_those_of_a_sequence():
    model = networks.build()
    segment = model.segments["branch_pet"]
    inputs = keras.Input(segment.input_shape[1:])
    other = keras.Model(inputs, segment(inputs), name="branch_pet")
    shared = {**model.segments, "branch_pet": other}
    model.derive(shared_segments=shared, gate="head_input")
    with pytest.raises(
        ValueError, match="'branch_pet' to be a keras.Sequentia"
    ):
        model.derive(shared_segments=shared, gate="block_outputs")
