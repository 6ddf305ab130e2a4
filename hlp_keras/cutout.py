"""Cuts smaller networks out of a trained one, without retraining."""

from collections.abc import Iterable

from hlp_keras import assembly, segments
from hlp_keras.model import HLPModel, check_model


def cutout(model: HLPModel, names: str | Iterable[str]) -> HLPModel:
    """Leaves away all branches that a category set does not need.

    ```
    small = cutout(model, ["cat", "vehicle"])
    kept = list(small.taxonomy.class_indices.values())
    small(x) == model(x)[:, kept]
    ```

    Trunk, branches and whole heads are shared with `model`, which stays as it
    is. Of a head that keeps only some of its categories the rows are copied:
    training the cutout would not reach back through those.

    Args:
        model: the full network, or itself a cutout.
        names: categories and nodes, in any order; a node stands for all
            categories below it.

    Returns:
        a network whose logits are those of the category set, in class-index
        order. Its `taxonomy.class_indices` are those of the full network.

    Raises:
        ValueError: no name, an unknown one (the nearest is suggested), one
            that was cut away already, or one given twice.
    """
    check_model(model)
    taxonomy = model.taxonomy.prune(names)
    shared = dict(model.segments)
    for node in assembly.head_nodes(taxonomy):
        name = assembly.head_name(node)
        before = assembly.head_categories(model.taxonomy, node)
        after = assembly.head_categories(taxonomy, node)
        if after != before:
            rows = [before.index(category) for category in after]
            shared[name] = _sliced_head(shared[name], rows)
    return model.derive(taxonomy=taxonomy, shared_segments=shared)


def _sliced_head(head, rows):
    dense = head.layers[-1]
    smaller = segments.build_head(
        head.name, head.input_shape[1:], len(rows), dense.dtype_policy
    )
    kernel, bias = dense.get_weights()
    smaller.layers[-1].set_weights([kernel[:, rows], bias[rows]])
    smaller.trainable = dense.trainable
    return smaller
