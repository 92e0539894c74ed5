"""A small model server that speaks TensorFlow Serving's protocols."""
