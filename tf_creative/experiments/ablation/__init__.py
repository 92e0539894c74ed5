"""Grids of runs: what is trained, by whom, and tables of what came of it."""
