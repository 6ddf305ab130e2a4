import subprocess
import sys

import export_models
import numpy as np
import pytest
from ai_edge_litert.interpreter import OpResolverType

import hlp_keras
from tflite_export import (
    bundle,
    flatbuffer,
    making,
    seal,
    slicing,
    split,
    verify,
)

FAMILIES = ("resnet", "mobilenet")
SETS = (
    ("cat",),
    ("vehicle",),
    ("bird", "ship"),
    ("dog", "cat"),
    ("animal", "car"),
    ("animal", "vehicle"),
)


def int8_images(number=6):
    return (export_models.images(number, seed=2) ^ 128).view(np.int8)


def run(data):
    return verify.run_litert(data, int8_images(), OpResolverType.BUILTIN_REF)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def master(family):
    return export_models.master_of(family)


@pytest.mark.parametrize("names", SETS, ids=" ".join)
def test_a_slice_gives_the_integers_of_its_master(family, master, names):
    small = slicing.slice_master(master, names)
    taxonomy = export_models.TAXONOMY.prune(names)
    kept = list(taxonomy.class_indices.values())
    np.testing.assert_array_equal(run(small), run(master)[:, kept])


@pytest.mark.parametrize("names", SETS, ids=" ".join)
def test_a_slice_costs_what_the_cutout_costs(family, master, names):
    parsed = flatbuffer.parse(slicing.slice_master(master, names))
    cost = hlp_keras.cost(export_models.network(family), names)
    assert flatbuffer.count_macs(parsed) == cost.macs
    assert flatbuffer.count_parameters(parsed) == cost.params


@pytest.mark.parametrize("names", SETS, ids=" ".join)
def test_the_order_of_the_heads_needs_no_operator(master, names):
    small = slicing.Master(master).cut(names, order="heads")
    operators = {
        operator.name for operator in flatbuffer.operators(small.model)
    }
    assert "GATHER" not in operators
    labels = flatbuffer.read_metadata(flatbuffer.parse(master))["labels"]
    kept = [labels.index(label) for label in small.metadata["labels"]]
    np.testing.assert_array_equal(run(small.data), run(master)[:, kept])
    assert small.metadata["class_indices"] == kept


@pytest.mark.parametrize("names", SETS, ids=" ".join)
@pytest.mark.parametrize("larger", [["animal", "vehicle"], None])
def test_a_slice_in_the_order_of_the_heads_can_be_sliced(master, names, larger):
    heads = slicing.slice_master(master, larger or names, order="heads")
    before = bytes(heads)
    small = slicing.Master(heads).cut(names)
    direct = slicing.Master(master).cut(names)
    assert small.metadata["labels"] == direct.metadata["labels"]
    assert small.metadata["class_indices"] == direct.metadata["class_indices"]
    assert flatbuffer.operators(small.model) == flatbuffer.operators(
        direct.model
    )
    np.testing.assert_array_equal(run(small.data), run(direct.data))
    assert heads == before
    again = slicing.Master(heads)
    assert again.slice(names) == again.slice(names) == small.data


def test_any_slice_of_a_slice_has_the_logits_by_class(master):
    """All sets of categories, from those that were sliced by any."""
    categories = export_models.TAXONOMY.categories
    sets = [
        [categories[i] for i in range(5) if bits >> i & 1]
        for bits in range(1, 32)
    ]
    whole = run(master)
    for larger in sets:
        heads = slicing.Master(slicing.slice_master(master, larger, "heads"))
        for names in sets:
            if set(names) <= set(larger):
                small = heads.cut(names)
                kept = small.metadata["class_indices"]
                assert kept == sorted(kept)
                np.testing.assert_array_equal(run(small.data), whole[:, kept])


def test_refuses_another_order(master):
    with pytest.raises(ValueError, match="one of classes, heads, got 'size'"):
        slicing.slice_master(master, ["cat"], order="size")


def test_many_slices_of_a_master_are_as_each_by_itself(master):
    parsed = slicing.Master(master)
    for names in SETS:
        assert parsed.slice(names) == slicing.slice_master(master, names)


def test_a_slice_can_do_without_metadata(master):
    small = slicing.slice_master(master, ["cat", "ship"])
    bare = slicing.without_metadata(small)
    assert len(bare) < len(small)
    np.testing.assert_array_equal(run(bare), run(small))


def test_a_slice_does_not_repeat_how_its_master_was_made(master):
    assert making.read(slicing.Master(master).metadata).calibration
    small = slicing.Master(slicing.slice_master(master, ["cat"]))
    assert making.read(small.metadata) == making.Making()


def test_slicing_twice_is_slicing_once(master):
    twice = slicing.slice_master(
        slicing.slice_master(master, ["animal", "ship"]), ["cat", "ship"]
    )
    assert twice == slicing.slice_master(master, ["ship", "cat"])


def test_a_slice_explains_itself(master):
    data = slicing.slice_master(master, ["cat", "ship"])
    metadata = flatbuffer.read_metadata(flatbuffer.parse(data))
    assert metadata["labels"] == ["ship", "cat"]
    assert metadata["class_indices"] == [0, 1]
    taxonomy = hlp_keras.Taxonomy.from_dict(metadata["taxonomy"])
    assert taxonomy.nodes == ("animal", "vehicle")
    assert taxonomy.class_indices == {"ship": 0, "cat": 1}


def test_the_master_is_not_changed(master):
    before = bytes(master)
    slicing.slice_master(master, ["cat"])
    assert master == before


def test_parts_one_after_another_give_the_integers_of_the_master(master):
    given = {None: int8_images()}
    logits = {}
    for part in split.split(master):
        given[part.name] = verify.run_litert(
            part.data, given[part.parent], OpResolverType.BUILTIN_REF
        )
        logits |= zip(part.labels, given[part.name].T, strict=False)
    joined = np.stack([logits[c] for c in export_models.TAXONOMY.categories])
    np.testing.assert_array_equal(joined.T, run(master))


def test_a_slice_is_split_into_what_it_keeps(master):
    small = slicing.slice_master(master, ["cat"])
    parts = {part.name: part for part in split.split(small)}
    assert list(parts) == ["trunk", "branch_animal", "head_animal"]
    assert parts["head_animal"].labels == ("cat",)


def test_a_bundle_has_a_signature_per_category_set(master):
    from ai_edge_litert.interpreter import Interpreter

    sets = {"pets": ["cat", "dog"], "all": ["animal", "vehicle"]}
    data = bundle.bundle(master, sets)
    interpreter = Interpreter(model_content=data)
    assert set(interpreter.get_signature_list()) == set(sets)
    image = int8_images(1)
    for signature, names in sets.items():
        runner = interpreter.get_signature_runner(signature)
        np.testing.assert_array_equal(
            runner(image=image)["logits"],
            verify.run_litert(slicing.slice_master(master, names), image),
        )


def test_a_bundle_stores_shared_weights_once(master):
    one = bundle.bundle(master, {"a": ["animal"]})
    two = bundle.bundle(master, {"a": ["animal"], "b": ["cat", "dog"]})
    pair = slicing.slice_master(master, ["cat", "dog"])
    assert len(two) - len(one) < 0.7 * len(pair)


def test_a_bundle_needs_a_category_set(master):
    with pytest.raises(ValueError, match="nothing to bundle"):
        bundle.bundle(master, {})


def test_extract_refuses_tensors_that_are_not_there(master):
    with pytest.raises(ValueError, match="no tensor 'trnk'.*'trunk'"):
        slicing.extract(master, ["image"], ["trnk"])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "must not be empty"),
        (["cta"], "no category or node 'cta'. Did you mean 'cat'?"),
        (["cat", "cat"], "'cat' came more than once"),
    ],
)
def test_refuses_bad_names(master, names, message):
    with pytest.raises(ValueError, match=message):
        slicing.slice_master(master, names)


def test_refuses_what_was_cut_away_before(master):
    small = slicing.slice_master(master, ["vehicle"])
    with pytest.raises(ValueError, match="no category or node 'cat'"):
        slicing.slice_master(small, ["cat"])


def test_refuses_files_that_are_not_ours(master):
    foreign = export_models.flatbuffer_of()
    for data in (b"", b"not a model", foreign):
        with pytest.raises(ValueError, match="Expected a master"):
            slicing.slice_master(data, ["cat"])
    with pytest.raises(ValueError, match="the bytes of a master, got str"):
        slicing.slice_master("master.tflite", ["cat"])


def test_refuses_a_master_that_was_cut_short(master):
    with pytest.raises(ValueError, match="damaged or changed|a file without"):
        slicing.slice_master(master[: len(master) // 2], ["cat"])


def test_refuses_2000_masters_with_changed_bytes(master):
    rng = np.random.default_rng(0)
    for _ in range(2000):
        data = bytearray(master)
        for place in rng.integers(0, len(data), rng.integers(1, 9)):
            data[place] ^= rng.integers(1, 256)
        with pytest.raises(ValueError, match="damaged or changed|a file wit"):
            slicing.slice_master(bytes(data), ["cat"])


def test_a_seal_holds_for_what_was_sealed():
    blank = b'begin {"sha256":"' + seal.BLANK.encode() + b'"} end'
    sealed = seal.seal(blank)
    seal.check(sealed)
    with pytest.raises(ValueError, match="damaged or changed"):
        seal.check(sealed.replace(b"end", b"END"))


def test_slicing_needs_no_tensorflow():
    code = (
        "import sys\n"
        "for name in ('tensorflow', 'keras', 'tf_keras'):\n"
        "    sys.modules[name] = None\n"
        "from tflite_export import bundle, slicing, split\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
