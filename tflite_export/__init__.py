"""Exports cutouts as verified int8 LiteRT models.

```
from tflite_export.export import export_cutouts

manifest = export_cutouts(
    model, [["cat", "dog"], ["vehicle"]], calibration_images,
    test_images, test_labels, "out",
)
```

On the command line: `hlp-export --help`. The package imports nothing by
itself, so that its parts that need no TensorFlow start fast.
"""
