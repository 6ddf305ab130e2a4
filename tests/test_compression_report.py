import networks
import numpy as np
import pytest

from training import compression_report


def test_zeros_and_values_are_counted():
    model = networks.build(family="mobilenet")
    head = model.segments["head_pet"].layers[-1]
    kernel, bias = head.get_weights()
    kernel[:] = 2
    kernel[0] = 0
    head.set_weights([kernel, bias])
    report = compression_report.measure(model)
    by_name = {segment.name: segment for segment in report.segments}
    pet = by_name["head_pet"]
    assert pet.weights == kernel.size
    assert pet.sparsity == pytest.approx(1 / len(kernel))
    assert pet.values == 2
    assert by_name["trunk"].zeros == 0
    depthwise = [
        weight
        for weight in model.segments["trunk"].weights
        if "depthwise" in weight.path and weight.path.endswith("kernel")
    ]
    assert by_name["trunk"].depthwise == sum(np.size(w) for w in depthwise)
    assert 0 < report.sparsity < 0.1
    assert "head_pet" in str(report)
