"""Comes before any test module: what must be set before TensorFlow and TF-Agents are imported."""

import os

os.environ.setdefault('TF_NUM_INTRAOP_THREADS', '1')  # two processes share the cores

import tf_creative.agent  # noqa: F401
