"""Predicts what the Edge TPU compiler makes of a model, without compiling.

```
report = check_file("cat.tflite")
report.mapped_mac_share     # 1.0 when all runs on the Edge TPU
print(report)               # operator by operator, in the compiler's words
```

A model has one part for the Edge TPU: the first operator that it cannot take
ends that part, and all that depends on it stays on the CPU. Operators that it
cannot take before that part are tolerated.
"""

import dataclasses
import json
import pathlib

from tflite_export import edgetpu_graph, edgetpu_memory, edgetpu_rules

PREDICTION = "predicted, not compiled"
COMPILED_OPERATOR = "edgetpu-custom-op"


@dataclasses.dataclass(frozen=True)
class Operator:
    """What is predicted for an operator.

    Attributes:
        index: position in the order of execution.
        name: as the compiler writes it, such as `"CONV_2D"`.
        mapped: whether it runs on the Edge TPU.
        status: in the words of the compiler.
        why: what those words leave open; empty when nothing.
        macs: multiply-accumulates.
        parameter_bytes: weights and biases, as they are in the file.
    """

    index: int
    name: str
    mapped: bool
    status: str
    why: str
    macs: int
    parameter_bytes: int


@dataclasses.dataclass(frozen=True)
class Report:
    """The prediction for a model: `str(report)` is a table."""

    operators: tuple[Operator, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the whole model."""
        return sum(operator.macs for operator in self.operators)

    @property
    def mapped_macs(self) -> int:
        """Multiply-accumulates on the Edge TPU."""
        return sum(op.macs for op in self.operators if op.mapped)

    @property
    def mapped_mac_share(self) -> float:
        """Share of the multiply-accumulates that is on the Edge TPU."""
        return self.mapped_macs / self.macs if self.macs else 0.0

    @property
    def mapped_parameter_bytes(self) -> tuple[int, ...]:
        """Weights and biases of each operator on the Edge TPU."""
        return tuple(op.parameter_bytes for op in self.operators if op.mapped)

    @property
    def memory(self) -> edgetpu_memory.Memory:
        """Where these are kept when the model is compiled by itself."""
        return edgetpu_memory.share([self.mapped_parameter_bytes])[0]

    def to_json(self) -> str:
        """Writes the prediction as JSON; the key `operators` lists them."""
        fields = ("index", "name", "mapped", "status", "why")
        return json.dumps(
            {
                "prediction": PREDICTION,
                "operators": [
                    {field: getattr(operator, field) for field in fields}
                    for operator in self.operators
                ],
                "macs": self.macs,
                "mapped_macs": self.mapped_macs,
                "estimated_memory": dataclasses.asdict(self.memory),
            },
            indent=1,
        )

    def __str__(self) -> str:
        width = max((len(op.name) for op in self.operators), default=0)
        mapped = sum(op.mapped for op in self.operators)
        return "\n".join(
            [
                *(
                    f"{op.index:4}  {op.name:{width}}  {op.status}"
                    + (f" ({op.why})" if op.why else "")
                    for op in self.operators
                ),
                "",
                f"Operators on the Edge TPU: {mapped} of {len(self.operators)}",
                f"Multiply-accumulates on the Edge TPU: "
                f"{self.mapped_mac_share:.1%} of {self.macs:,}",
                f"Parameters: {self.memory} ({edgetpu_memory.NOTE})",
                PREDICTION,
            ]
        )


def check_file(path) -> Report:
    """Predicts for a .tflite file what the Edge TPU compiler makes of it.

    Raises:
        ValueError: no LiteRT model, a damaged or an already compiled one.
        OSError: the file cannot be read.
    """
    try:
        return check(pathlib.Path(path).read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def check(data: bytes) -> Report:
    """Does the same for the bytes of a file; raises the same `ValueError`."""
    graphs = edgetpu_graph.read(data)
    operators = [op for graph in graphs for op in graph.operators]
    if any(op.custom_name == COMPILED_OPERATOR for op in operators):
        raise ValueError(
            f"The model is compiled already: it has the operator "
            f"{COMPILED_OPERATOR}. Check the file it was compiled from."
        )
    judged = [_judge(operator) for operator in operators]
    verdicts = [verdict for verdict, _ in judged]
    if refusal := _refusal(graphs):
        verdicts = [edgetpu_rules.Verdict(refusal)] * len(operators)
    else:
        verdicts = _in_one_part(operators, verdicts)
    macs = [macs for _, macs in judged]
    sizes = _parameter_bytes(operators)
    rows = zip(operators, verdicts, macs, sizes, strict=True)
    return Report(
        tuple(_predict(index, *row) for index, row in enumerate(rows))
    )


def _predict(index, operator, verdict, macs, parameter_bytes):
    return Operator(
        index=index,
        name=operator.name,
        mapped=verdict.status == edgetpu_rules.MAPPED,
        status=verdict.status,
        why=verdict.why,
        macs=macs,
        parameter_bytes=parameter_bytes,
    )


def _judge(operator):
    """Verdict and multiply-accumulates of an operator, by itself."""
    try:
        return edgetpu_rules.verdict(operator), operator.macs
    except (AttributeError, IndexError, ValueError, ZeroDivisionError) as error:
        raise ValueError(
            f"The LiteRT model is damaged: operator {operator.index}, "
            f"{operator.name}, lacks what such an operator has ({error}). "
            f"Make or copy it again."
        ) from error


def _refusal(graphs):
    """Why the compiler takes nothing at all of a model; else empty."""
    if len(graphs) > 1:
        return edgetpu_rules.SUBGRAPHS
    if any(map(edgetpu_rules.is_dynamic, graphs[0].operators)):
        return edgetpu_rules.DYNAMIC
    return ""


def _in_one_part(operators, verdicts):
    """Leaves to the CPU what another part for the Edge TPU would be.

    The compiler is a LiteRT delegate, so this follows how LiteRT parts a
    graph: operators that can run go into the current part while they are of
    its kind.
    """
    able = [verdict.status == edgetpu_rules.MAPPED for verdict in verdicts]
    before = set()
    if able and not able[0]:
        before = _runnable(operators, [not taken for taken in able], before)
    part = _runnable(operators, able, before)
    return [
        edgetpu_rules.Verdict(edgetpu_rules.SUBGRAPHS)
        if taken and index not in part
        else verdict
        for index, (taken, verdict) in enumerate(
            zip(able, verdicts, strict=True)
        )
    ]


def _runnable(operators, wanted, before):
    """Positions of wanted operators that need only each other and `before`."""
    maker = {
        tensor.index: index
        for index, operator in enumerate(operators)
        for tensor in operator.outputs
    }
    found = set()
    for index, operator in enumerate(operators):
        needed = {maker.get(t.index) for t in operator.inputs if t} - {None}
        if wanted[index] and needed <= found | before:
            found.add(index)
    return found


def _parameter_bytes(operators):
    """Bytes of weights and biases; shared ones count where first used."""
    counted = set()
    for operator in operators:
        # Only parameters are quantised: shapes and axes are not.
        new = {
            tensor.buffer: tensor.constant.nbytes
            for tensor in operator.constants
            if tensor.zero_points and tensor.buffer not in counted
        }
        counted.update(new)
        yield sum(new.values())
