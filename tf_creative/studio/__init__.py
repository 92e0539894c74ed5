"""Uses a trained learner: writes works as files, edits pictures, publishes models."""
