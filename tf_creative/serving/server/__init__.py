"""A small model server with TensorFlow Serving's protocols, gRPC and REST."""
