import itertools
import types

import export_models
import networks
import numpy as np
import pytest

import hlp_keras
from tflite_export import (
    borders,
    bundle,
    export,
    flatbuffer,
    gains,
    micro,
    slices,
    slicing,
    split,
    tflm,
    verify,
)
from tflite_export.manifest import Manifest
from tflite_export.reference import Reference
from tflite_export.slices import Settings

needs_tflm = pytest.mark.skipif(
    bool(tflm.missing_reason()), reason=tflm.missing_reason() or "there"
)
NUMBER = 5
IMAGES = export_models.images(NUMBER, seed=2) / np.float32(255)
NODES = export_models.attended().taxonomy.nodes
FACTORS = gains.random(NUMBER, len(NODES), seed=1)


@pytest.fixture(scope="module", params=hlp_keras.GATES)
def gate(request):
    return request.param


@pytest.fixture(scope="module")
def master(gate):
    return slicing.Master(export_models.gain_master_of(gate))


def run(data, factors):
    model = flatbuffer.parse(data)
    inputs = verify.integers(model, (IMAGES, factors))
    return verify.run_reference(data, inputs)


def test_random_factors_start_neutral_and_are_exact_in_int8():
    assert (FACTORS[0] == 1).all()
    assert (np.rint(FACTORS * 128) == FACTORS * 128).all()
    assert 0 <= FACTORS.min() < 0.5 < 1.5 < FACTORS.max() <= gains.LARGEST


def test_the_gain_is_the_second_input(master):
    image, gain = flatbuffer.inputs(master.model)
    assert (image.name, gain.name) == ("image", "gain")
    assert (gain.scale, gain.zero_point) == (gains.SCALE, gains.ZERO_POINT)
    assert gain.shape == (1, len(NODES))
    assert master.gain_nodes == NODES


def test_logits_follow_the_gain_as_in_keras(gate, master):
    (output,) = flatbuffer.outputs(master.model)
    got = verify.dequantise(run(master.data, FACTORS), output)
    expected = networks.run(export_models.attended(gate), IMAGES, FACTORS)
    neutral = networks.run(
        export_models.attended(gate), IMAGES, np.ones_like(FACTORS)
    )
    error = np.sqrt(np.mean((got - expected) ** 2))
    assert error < 0.25 * np.sqrt(np.mean((neutral - expected)[1:] ** 2))


def category_sets():
    names = [*export_models.TAXONOMY.categories, *NODES]
    yield from ([name] for name in names)
    yield from itertools.combinations(export_models.TAXONOMY.categories, 2)


def test_every_slice_gives_the_master_s_integers(master):
    whole = run(master.data, FACTORS)
    for names in category_sets():
        small = master.cut(names)
        nodes = small.metadata[gains.KEY]
        kept = export_models.attended().taxonomy.prune(names)
        assert nodes == list(kept.nodes)
        factors = FACTORS[:, [NODES.index(node) for node in nodes]]
        np.testing.assert_array_equal(
            run(small.data, factors),
            whole[:, small.metadata["class_indices"]],
            err_msg=str(names),
        )


def test_a_slice_of_a_slice_is_the_slice(master):
    pets = master.slice(["pet", "car"])
    assert slicing.slice_master(pets, ["cat"]) == master.slice(["cat"])


def test_parts_take_the_factors_that_they_use(gate, master):
    parts = split.split(master.data)
    Reference.of(master, IMAGES).check_parts(parts)
    taken = {part.name: set(part.gain_nodes) for part in parts}
    assert taken["trunk"] == set()
    if gate in ("head_input", "head_output"):
        assert taken["head_pet"] == {"animal", "pet"}
        assert taken["branch_pet"] == set()
    else:
        assert taken["head_pet"] == set()
        assert taken["branch_pet"] == {"pet"}
    for part in parts:
        inputs = flatbuffer.inputs(flatbuffer.parse(part.data))
        assert len(inputs) == 1 + bool(part.gain_nodes)


def test_parts_of_a_network_with_one_head_give_its_logits(gate):
    cut = hlp_keras.cutout(export_models.attended(gate), ["pet"])
    small = slicing.Master(export_models.master.make_master(cut, IMAGES))
    parts = split.split(small.data)
    Reference.of(small, IMAGES).check_parts(parts)
    assert [part.name for part in parts if part.labels] == ["head_pet"]


def test_a_part_with_gates_needs_the_gain(master):
    with pytest.raises(ValueError, match="part takes 'gain' too. Name it"):
        master.extract(["image"], ["logits"])


def test_a_file_of_another_type_is_no_master(master):
    data = borders.with_io_type(master.slice(["pet"]), "float32")
    with pytest.raises(ValueError, match="of int8, got one with float32"):
        slicing.slice_master(data, ["pet"])


def test_a_split_network_is_no_firmware_with_a_gain(master):
    parts = [
        micro.SplitPart(part.name, part.data, part.parent, part.labels, 1000)
        for part in split.split(master.data)
    ]
    labels = export_models.TAXONOMY.categories
    indices = {label: i for i, label in enumerate(labels)}
    with pytest.raises(ValueError, match="without a gain, .* 'branch|'head"):
        micro.split_files("tiny", parts, indices, [])


def test_signatures_of_a_bundle_have_both_inputs(master):
    data = bundle.bundle(master.data, {"pets": ["pet"], "ship": ["ship"]})
    model = verify.Interpreter(model_content=data)
    signatures = model.get_signature_list()
    assert signatures["pets"]["inputs"] == ["gain", "image"]


@needs_tflm
def test_tflm_gives_the_same_under_a_gain(master):
    case = verify.Case.of(master.data, IMAGES, FACTORS)
    (compared,) = verify.compare_all_kernels([case])
    assert compared.kernels.tflm_identical >= NUMBER - 1


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(io_type="float32", target="android"),
        Settings("edgetpu"),
        pytest.param(Settings("micro"), marks=needs_tflm),
    ],
    ids=str,
)
def test_exports_say_which_factors_there_are(tmp_path, settings):
    data = export_models.gain_master_of()
    sets = [["pet"], ["ship", "bird"]]
    manifest = slices.export_slices(data, sets, tmp_path, settings)
    first, second = manifest.models
    assert first.gain_nodes == ("animal", "pet")
    assert first.gain.shape == (1, 2)
    assert first.gain.dtype == first.input.dtype
    assert (
        second.gain_nodes
        == hlp_keras.Taxonomy.prune(
            export_models.attended().taxonomy, ["ship", "bird"]
        ).nodes
    )
    assert Manifest.load(tmp_path) == manifest


def test_sources_of_a_split_network_have_no_gain(tmp_path):
    with pytest.raises(ValueError, match="have no gain.*--split away"):
        slices.export_slices(
            export_models.gain_master_of(),
            [["pet"]],
            tmp_path,
            Settings("micro", split=True),
        )


def test_a_model_with_a_gain_is_checked_under_a_gain(tmp_path, monkeypatch):
    model = export_models.attended()
    images = export_models.images(8, seed=1)
    ones = np.ones((8, len(NODES)), "float32")
    labels = networks.run(model, images / 255, ones).argmax(-1)
    arguments = (images, images, labels)
    path = tmp_path / "master.tflite"
    made = export.export_master(model, *arguments, path)
    assert made.accuracy.images == 8
    # Beyond what calibration saw, and int8 has.
    large = types.SimpleNamespace(random=lambda *_: 9 * ones)
    monkeypatch.setattr(export, "gains", large)
    with pytest.raises(
        verify.VerificationError, match="int8 under random gains"
    ):
        export.export_master(model, *arguments, path)


def test_a_gate_that_cannot_be_narrowed_is_refused():
    model = flatbuffer.parse(export_models.gain_master_of())
    found = next(
        index
        for index, operator in enumerate(model.subgraphs[0].operators)
        if flatbuffer.operator_name(model, operator) == "STRIDED_SLICE"
    )
    model.subgraphs[0].operators[found].opcodeIndex = -1
    with pytest.raises(ValueError, match="by STRIDED_SLICE, got"):
        gains.used_by(model)
