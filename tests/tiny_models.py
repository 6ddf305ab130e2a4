"""Flatbuffers of a few operators, written by hand."""

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tflite_export import flatbuffer


class Graph:
    """Collects tensors and operators; positions are those in the file."""

    def __init__(self):
        self.buffers = [schema.BufferT()]
        self.codes = []
        self.subgraph = schema.SubGraphT(
            tensors=[], operators=[], inputs=[], outputs=[]
        )

    def tensor(
        self,
        shape,
        dtype="int8",
        *,
        data=None,
        scale=0.5,
        zero_point=0,
        signature=None,
    ):
        """Adds a tensor; integers are quantised unless `zero_point` is None."""
        tensor = schema.TensorT(
            shape=np.array(shape, np.int32),
            type=getattr(schema.TensorType, dtype.upper()),
            name=f"t{len(self.subgraph.tensors)}",
        )
        if signature is not None:
            tensor.shapeSignature = np.array(signature, np.int32)
        if zero_point is not None and "int" in dtype:
            tensor.quantization = schema.QuantizationParametersT(
                scale=np.full(np.size(zero_point), scale, np.float32),
                zeroPoint=np.array(zero_point, np.int64).reshape(-1),
            )
        if data is not None:
            data = np.asarray(data, dtype)
            tensor.buffer = len(self.buffers)
            self.buffers.append(
                schema.BufferT(data=np.frombuffer(data.tobytes(), np.uint8))
            )
        self.subgraph.tensors.append(tensor)
        return len(self.subgraph.tensors) - 1

    def constant(self, data, dtype="int32", zero_point=None, scale=0.5):
        """Adds a constant, by default one of axes, a shape or the like."""
        data = np.asarray(data, dtype)
        return self.tensor(
            data.shape, dtype, data=data, scale=scale, zero_point=zero_point
        )

    def variable(self, shape, dtype):
        """Adds a tensor that keeps its value from run to run."""
        index = self.tensor(shape, dtype)
        self.subgraph.tensors[index].isVariable = True
        return index

    def operator(self, name, inputs, outputs, version=1, options=None):
        """Adds an operator; `options` is an object of the schema."""
        custom = name.encode() if name == name.lower() else None
        number = getattr(schema.BuiltinOperator, "CUSTOM" if custom else name)
        self.codes.append(
            schema.OperatorCodeT(
                deprecatedBuiltinCode=min(number, 127),
                builtinCode=number,
                version=version,
                customCode=custom,
            )
        )
        kind = type(options).__name__.removesuffix("T") if options else "NONE"
        self.subgraph.operators.append(
            schema.OperatorT(
                opcodeIndex=len(self.codes) - 1,
                inputs=np.array(inputs, np.int32),
                outputs=np.array(outputs, np.int32),
                builtinOptionsType=getattr(schema.BuiltinOptions, kind),
                builtinOptions=options,
            )
        )

    def pack(self, inputs=(), outputs=(), subgraphs=1):
        """The bytes of a model that has the graph so many times."""
        self.subgraph.inputs = np.array(inputs, np.int32)
        self.subgraph.outputs = np.array(outputs, np.int32)
        return flatbuffer.pack(
            schema.ModelT(
                version=3,
                operatorCodes=self.codes,
                subgraphs=[self.subgraph] * subgraphs,
                buffers=self.buffers,
            )
        )
