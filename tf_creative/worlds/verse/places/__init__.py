"""Names of places as a TFDS data set."""
