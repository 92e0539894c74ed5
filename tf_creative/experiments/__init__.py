"""Experiments over many runs: ablation grids, and measurements of speed and cost."""
