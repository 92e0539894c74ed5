"""Lines of English poems as a TFDS data set."""
