"""Measures of works: arrays or tensors in, scalars out; the world's own numbers live in worlds."""

from tf_creative.metrics.summary import imagination as imagination
