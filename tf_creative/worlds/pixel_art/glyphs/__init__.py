"""Letters and digits drawn from the fonts of Matplotlib as a TFDS data set."""
