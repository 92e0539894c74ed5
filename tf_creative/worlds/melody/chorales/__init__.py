"""Sopranos of Bach's chorales as a TFDS data set."""
