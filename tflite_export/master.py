"""Makes the master: the one conversion that all slices come from."""

import dataclasses
import re

import hlp_keras
from hlp_keras import assembly
from hlp_keras.parsing import ROOT
from tflite_export import (
    convert,
    description,
    flatbuffer,
    gains,
    making,
    seal,
)
from tflite_export.manifest import (
    Accuracy,
    Calibration,
    Kernels,
    Normalisation,
)


def make_master(
    model: hlp_keras.HLPModel, images, calibration: Calibration | None = None
) -> bytes:
    """Converts a whole network to an int8 flatbuffer that explains itself.

    Its metadata hold the taxonomy, the category and class index of every
    logit, the normalisation and how the segments nest. The tensor that ends a
    segment has the segment's name, such as `"branch_pet"`, so that parts can
    be taken out.

    Args:
        model: the trained network, or a cutout; an attended one gives a
            master with the gain as second input.
        images: calibration images, see `convert.convert`.
        calibration: which these are.

    Raises:
        RuntimeError: the converter left no trace of a segment.
    """
    # Paths begin with the network's own name, which may be one that TensorFlow
    # refuses or that of a segment.
    named = model.derive(name="hlp_model")
    master = flatbuffer.parse(convert.convert(named, images))
    _name_tensors(master, _segments_by_layer(model))
    return _made(
        master, model, calibration or Calibration("arrays", len(images))
    )


def make_trained_master(
    model: hlp_keras.HLPModel, data: bytes, calibration: Calibration
) -> bytes:
    """Makes a master of a flatbuffer whose ranges were trained.

    Args:
        model: the network.
        data: of the same network, without models inside but with the same
            names of layers; quantised as `convert.convert` does.
        calibration: which images its ranges are from.

    Raises:
        RuntimeError: it is not quantised so, its heads have several scales,
            or nothing in it is from a segment.
    """
    master = flatbuffer.parse(data)
    convert.check_result(master, "int8")
    _check_one_scale(master)
    _name_tensors(master, _segments_by_inner_layer(model))
    return _made(master, model, calibration)


def _check_one_scale(model):
    """Slices give the master's integers when all heads share its scale."""
    tensors = model.subgraphs[0].tensors
    for operator in model.subgraphs[0].operators:
        if flatbuffer.operator_name(model, operator) != "CONCATENATION":
            continue
        scales = {
            (
                float(tensors[i].quantization.scale[0]),
                int(tensors[i].quantization.zeroPoint[0]),
            )
            for i in (*operator.inputs, *operator.outputs)
        }
        if len(scales) > 1:
            raise RuntimeError(
                f"Expected one scale for all that is joined to the logits, "
                f"got {sorted(scales)}."
            )


def _made(master, model, calibration):
    """Writes into a master what it is and how it was made."""
    made = making.Making(calibration, description.tool_versions())
    metadata = describe(model.taxonomy)
    if model.gate is not None:
        metadata[gains.KEY] = list(model.taxonomy.nodes)
    return _sealed(master, metadata, made)


def with_checks(data: bytes, accuracy: Accuracy, kernels: Kernels) -> bytes:
    """Writes into a master how it did; nothing else of it changes."""
    master = flatbuffer.parse(data)
    metadata = flatbuffer.read_metadata(master)
    made = dataclasses.replace(
        making.read(metadata), accuracy=accuracy, kernels=kernels
    )
    return _sealed(master, {**metadata, seal.KEY: seal.BLANK}, made)


def _sealed(master, metadata, made):
    metadata = {**metadata, making.KEY: dataclasses.asdict(made)}
    flatbuffer.set_metadata(master, metadata)
    return seal.seal(flatbuffer.pack(master))


def describe(taxonomy: hlp_keras.Taxonomy) -> dict:
    """What a file's metadata say of its logits and its input."""
    return {
        "taxonomy": taxonomy.to_dict(),
        "labels": list(taxonomy.categories),
        "class_indices": list(taxonomy.class_indices.values()),
        "normalisation": dataclasses.asdict(Normalisation()),
        "segments": list(_segments(taxonomy)),
        seal.KEY: seal.BLANK,
    }


def _segments(taxonomy):
    """Every segment after the one whose features it takes."""
    yield {"name": assembly.TRUNK, "parent": None, "labels": []}
    for node in taxonomy.nodes:
        parent = assembly.branch_name(taxonomy.parent(node) or ROOT)
        name = assembly.branch_name(node)
        yield {"name": name, "parent": parent, "labels": []}
    for node in assembly.head_nodes(taxonomy):
        yield {
            "name": assembly.head_name(node),
            "parent": assembly.branch_name(node),
            "labels": list(assembly.head_categories(taxonomy, node)),
        }


def _segments_by_layer(model):
    """The segment that each name of a layer in a path stands for.

    Where blocks are gated one by one their segment is not in the path, and
    the last gate is the end of the segment. Gated logits end in a layer of
    their own.
    """
    found = {}
    for name in assembly.segment_names(model.taxonomy):
        found[name] = name
        if model.gate == "block_outputs" and name.startswith("branch_"):
            blocks = [layer.name for layer in model.segments[name].layers]
            found |= dict.fromkeys(blocks, name)
            gate = f"gate_{name.removeprefix('branch_')}"
            found |= {f"{gate}_{block}": name for block in blocks}
    if model.gate == "head_output":
        for node in assembly.head_nodes(model.taxonomy):
            found[assembly.gated_head_name(node)] = assembly.head_name(node)
    return found


def _segments_by_inner_layer(model):
    """The segment that each layer in it belongs to, at any depth."""
    return {
        layer.name: segment
        for segment, part in model.segments.items()
        for layer in assembly.flat_layers(part)
    }


def _name_tensors(model, segments):
    """Gives tensors short names, and the ends of segments those of these.

    The converter's names are paths of layers, often several of them and longer
    than the weights of a narrow convolution.
    """
    graph = model.subgraphs[0]
    segment_of = {
        i: _segment(tensor.name.decode(), segments)
        for i, tensor in enumerate(graph.tensors)
    }
    heads = {name for name in segments.values() if name.startswith("head")}
    ends = {}
    for operator in graph.operators:
        for output in operator.outputs:
            ends[segment_of[output]] = output
    if len(heads) == 1:
        # What nothing is joined with bears the name of the model's output.
        ends[heads.pop()] = int(graph.outputs[0])
    missing = [name for name in segments.values() if name not in ends]
    if missing:
        raise RuntimeError(
            f"The converter left no tensor whose name tells that it belongs "
            f"to {', '.join(missing)}. This version of TensorFlow names them "
            f"in another way; try the one in constraints.txt."
        )
    named = {
        **dict(zip(graph.inputs, gains.INPUTS, strict=False)),
        graph.outputs[0]: "logits",
        # The head is all there is to the logits when there is only one.
        **{index: name for name, index in ends.items() if name},
    }
    for i, tensor in enumerate(graph.tensors):
        name = named.get(i) or f"{segment_of[i] or 'net'}/{i}"
        tensor.name = name.encode()


def _segment(path, segments):
    """The segment in a path such as `hlp_model_1/branch_pet_1/...`."""
    for part in path.split(";")[0].split("/"):
        for name in (re.sub(r"_\d+$", "", part), part):
            if name in segments:
                return segments[name]
    return None
