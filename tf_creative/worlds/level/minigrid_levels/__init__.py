"""Levels made by MiniGrid's own generators as a TFDS data set."""
