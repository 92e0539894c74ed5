"""Measures of works: arrays or tensors in, scalars out; worlds define their own measures."""

from tf_creative.metrics.summary import imagination as imagination
