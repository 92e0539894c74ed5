"""Pictures of waves, as TFDS wants them: a folder for each data set."""
