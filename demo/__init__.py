"""The whole way on bundled images: train, cut out, export, report."""
