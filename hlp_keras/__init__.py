"""Hierarchical networks for image classification that can be cut to size.

Train one network over a taxonomy of categories, then cut out, without
retraining, the smaller network of any category set:

```
taxonomy = hlp_keras.Taxonomy.from_name("cifar10")
model = hlp_keras.HLPModel(taxonomy)
...                                                 # compile and fit
small = hlp_keras.cutout(model, ["cat", "vehicle"])
print(hlp_keras.cost(small))
```

Importing the package also registers its classes, so that
`keras.saving.load_model` knows them.
"""

from hlp_keras.attention import DEFAULT_GAIN as DEFAULT_GAIN
from hlp_keras.attention import attend as attend
from hlp_keras.attention import without_gain as without_gain
from hlp_keras.cost import Cost as Cost
from hlp_keras.cost import SegmentCost as SegmentCost
from hlp_keras.cost import cost as cost
from hlp_keras.cost import cost_table as cost_table
from hlp_keras.cutout import cutout as cutout
from hlp_keras.decision import decide_top_down as decide_top_down
from hlp_keras.gating import GATES as GATES
from hlp_keras.gating import TopDownGate as TopDownGate
from hlp_keras.loading import load_model as load_model
from hlp_keras.losses import (
    HierarchicalCrossentropy as HierarchicalCrossentropy,
)
from hlp_keras.metrics import LevelAccuracy as LevelAccuracy
from hlp_keras.metrics import level_accuracies as level_accuracies
from hlp_keras.model import HLPModel as HLPModel
from hlp_keras.plain import plain_model as plain_model
from hlp_keras.presets import list_presets as list_presets
from hlp_keras.stages import Stage as Stage
from hlp_keras.taxonomy import Taxonomy as Taxonomy
