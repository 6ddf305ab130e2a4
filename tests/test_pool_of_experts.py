"""The hierarchical network beside experts that were taught one by one."""

import dataclasses

import keras
import numpy as np
import pytest
import scipy.special
from test_compare import CONFIG, SOURCE

import hlp_keras
from benchmarks import experts, pool_of_experts


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("pool")


@pytest.fixture(scope="module")
def config(path):
    oracle = hlp_keras.HLPModel(
        hlp_keras.Taxonomy.from_nested(SOURCE.tree), (16, 16, 3)
    )
    oracle.save(path / "oracle.keras")
    return dataclasses.replace(CONFIG, teacher=str(path / "oracle.keras"))


@pytest.fixture(scope="module")
def measured(path, config):
    return pool_of_experts.measure(config, SOURCE, path / "runs", path / "kept")


def test_experts_cost_as_much_and_stand_on_the_library(measured, path):
    ours, pool, _ = measured
    costs = [hlp_keras.cost(network.model).macs for network in (ours, pool)]
    assert costs[1] == pytest.approx(costs[0], rel=0.1)
    assert pool.model.taxonomy.categories == ours.model.taxonomy.categories
    plain = hlp_keras.load_model(path / "runs/experts/library/last.keras")
    below = plain.segments["trunk"]
    for layer in pool.model.segments["trunk"].layers:
        for mine, theirs in zip(
            layer.get_weights(),
            below.get_layer(layer.name).get_weights(),
            strict=True,
        ):
            np.testing.assert_array_equal(mine, theirs)


def test_what_is_kept_is_not_trained_again(measured, path, config, monkeypatch):
    monkeypatch.setattr(experts, "fit_whole", None)
    monkeypatch.setattr(experts, "fit_pool", None)
    again = pool_of_experts.measure(config, SOURCE, path / "no", path / "kept")
    for one, other in zip(measured[:2], again[:2], strict=True):
        np.testing.assert_array_equal(one.logits, other.logits)


def test_a_group_is_taught_by_its_own_logits():
    random = np.random.default_rng(0)
    oracle, student = random.normal(0, 3, (2, 8, 5))
    expected = 0.0
    for group in ([0, 2], [1, 3, 4]):
        q, p = (
            scipy.special.softmax(logits[:, group] / 4, axis=1)
            for logits in (oracle, student)
        )
        expected += 16 * (q * np.log(q / p)).sum(axis=1).mean()
        expected += 0.3 * np.abs(oracle - student)[:, group].mean()
    loss = experts.Conditional([[0, 2], [1, 3, 4]], 0.3)
    found = loss.compute_loss(
        *(keras.ops.convert_to_tensor(x, "float32") for x in (oracle, student))
    )
    assert float(found) == pytest.approx(expected, rel=1e-4)
    same = keras.ops.convert_to_tensor(oracle, "float32")
    assert float(loss.compute_loss(same, same)) == pytest.approx(0, abs=1e-5)


def test_a_result_tells_who_is_ahead_on_which_set(measured, config):
    ours, pool, source = measured
    right = 9 * np.eye(5)[source.test.labels]
    wrong = pool_of_experts.Network(pool.model, -right)
    result = pool_of_experts.make_result(
        "it",
        "python it",
        config,
        source.test.labels,
        pool_of_experts.Network(ours.model, right),
        wrong,
    )
    whole, nodes = result.figures
    assert whole.value == 100
    assert nodes.reached
    (table,) = result.tables
    assert [row[0] for row in table.rows] == ["all", "pet", "vehicle"]
    assert table.rows[1][1:3] == ("100.0", "0.0")
