"""Bundles slices of a master in one file: a signature per category set.

The weights that several category sets need are stored once. For Android and
other hosts; TFLM takes files of one signature only.
"""

from collections.abc import Mapping, Sequence

from ai_edge_litert import schema_py_generated as schema

from tflite_export import flatbuffer, gains, making, seal, slicing

_SCHEMA_VERSION = 3


def bundle(data: bytes, category_sets: Mapping[str, Sequence[str]]) -> bytes:
    """Makes one file that holds a network for every category set.

    ```
    data = bundle(master, {"pets": ["cat", "dog"], "all": ["animal", "car"]})
    runner = Interpreter(model_content=data).get_signature_runner("pets")
    runner(image=pixels)["logits"]
    ```

    Args:
        data: a master.
        category_sets: names of categories and nodes, by signature.

    Raises:
        ValueError: no category set, or one that the master does not have.
    """
    master = slicing.Master(data)
    return join(
        {key: master.slice(names) for key, names in category_sets.items()},
        master.metadata,
    )


def join(slices: Mapping[str, bytes], metadata: Mapping) -> bytes:
    """Puts slices of one master in one file.

    Args:
        slices: flatbuffers by signature.
        metadata: of their master, to be the file's.

    Raises:
        ValueError: there is no slice.
    """
    if not slices:
        raise ValueError(
            "There is nothing to bundle: expected at least one category set."
        )
    merged = _Merged(metadata)
    for signature, small in slices.items():
        merged.add(signature, flatbuffer.parse(small))
    return merged.pack()


class _Merged:
    """A model of several subgraphs that share buffers and operator codes."""

    def __init__(self, metadata):
        self._model = schema.ModelT()
        self._model.version = _SCHEMA_VERSION
        self._model.operatorCodes = []
        self._model.subgraphs = []
        self._model.signatureDefs = []
        self._model.buffers = [schema.BufferT()]
        self._buffer_of = {b"": 0}
        self._code_of = {}
        flatbuffer.set_metadata(
            self._model, {**making.drop(metadata), seal.KEY: seal.BLANK}
        )

    def add(self, signature, model):
        (graph,) = model.subgraphs
        for tensor in graph.tensors:
            tensor.buffer = self._share_buffer(model.buffers[tensor.buffer])
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex]
            operator.opcodeIndex = self._share_code(code)
        graph.name = signature.encode()
        self._model.subgraphs.append(graph)
        self._model.signatureDefs.append(
            _signature(signature, graph, len(self._model.subgraphs) - 1)
        )

    def _share_buffer(self, buffer):
        content = b"" if buffer.data is None else bytes(buffer.data)
        if content not in self._buffer_of:
            self._buffer_of[content] = len(self._model.buffers)
            self._model.buffers.append(buffer)
        return self._buffer_of[content]

    def _share_code(self, code):
        key = (code.builtinCode, code.deprecatedBuiltinCode, code.version)
        if key not in self._code_of:
            self._code_of[key] = len(self._model.operatorCodes)
            self._model.operatorCodes.append(code)
        return self._code_of[key]

    def pack(self):
        return seal.seal(flatbuffer.pack(self._model))


def _signature(name, graph, subgraph_index):
    signature = schema.SignatureDefT()
    signature.signatureKey = name.encode()
    signature.subgraphIndex = subgraph_index
    signature.inputs = [
        _named(name, tensor)
        for name, tensor in zip(gains.INPUTS, graph.inputs, strict=False)
    ]
    signature.outputs = [_named("logits", graph.outputs[0])]
    return signature


def _named(name, tensor):
    entry = schema.TensorMapT()
    entry.name = name.encode()
    entry.tensorIndex = tensor
    return entry
