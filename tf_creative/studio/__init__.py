"""Uses a trained learner: writes works as files, edits pictures, publishes models."""

# File formats of all worlds; each is written by the function of its name in `formats.py`.
FORMATS = ('png', 'gif', 'svg', 'sheet', 'npz', 'tfrecord')
