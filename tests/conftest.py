"""Comes before any test module: what must be set before TensorFlow and TF-Agents are imported."""

import tf_creative.agent  # noqa: F401
