"""Errors that a server returns: gRPC codes and HTTP statuses."""

from __future__ import annotations

import re

import grpc
import tensorflow as tf

_HTTP = {
  grpc.StatusCode.CANCELLED: 499,
  grpc.StatusCode.INVALID_ARGUMENT: 400,
  grpc.StatusCode.DEADLINE_EXCEEDED: 504,
  grpc.StatusCode.NOT_FOUND: 404,
  grpc.StatusCode.ALREADY_EXISTS: 409,
  grpc.StatusCode.PERMISSION_DENIED: 403,
  grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
  grpc.StatusCode.FAILED_PRECONDITION: 400,
  grpc.StatusCode.ABORTED: 409,
  grpc.StatusCode.OUT_OF_RANGE: 400,
  grpc.StatusCode.UNIMPLEMENTED: 501,
  grpc.StatusCode.UNAVAILABLE: 503,
  grpc.StatusCode.UNAUTHENTICATED: 401,
}
_CODES = {code.value[0]: code for code in grpc.StatusCode}  # TensorFlow uses the same numbers
# The message of `tf.debugging`: our text, then perhaps the condition and the tensors.
_ASSERTED = re.compile(r'assertion failed: \[([^\n]+?)\](?= \[|\s*$)')
_MOST_CHARACTERS = 2000  # of a message, because gRPC sends it in a header


class ServingError(Exception):
  """A refused request: gRPC code, message, and an HTTP status where that is more specific."""

  def __init__(self, code: grpc.StatusCode, message: str, http: int | None = None):
    super().__init__(message)
    self.code = code
    self.message = message[:_MOST_CHARACTERS]
    self.http = http or _HTTP.get(code, 500)


def bad(message: str) -> ServingError:
  """Return the error for a malformed request."""
  return ServingError(grpc.StatusCode.INVALID_ARGUMENT, message)


def missing(message: str) -> ServingError:
  """Return the error for something that does not exist."""
  return ServingError(grpc.StatusCode.NOT_FOUND, message)


def of(error: Exception) -> ServingError:
  """Convert any exception to a ServingError; TensorFlow's errors keep their code."""
  if isinstance(error, ServingError):
    return error
  if isinstance(error, tf.errors.OpError):
    code = _CODES.get(error.error_code, grpc.StatusCode.INTERNAL)  # pyright: ignore[reportAttributeAccessIssue]
    return ServingError(code, _told(error.message))  # pyright: ignore[reportAttributeAccessIssue]
  return ServingError(grpc.StatusCode.INTERNAL, f'{type(error).__name__}: {error}')


def _told(message: str) -> str:
  """Extract an op's message without its place in the graph; of an assertion, only our text."""
  said = message.partition('\n\t [[')[0].rpartition('Graph execution error:')[2]
  if '\nNode: ' in said:
    said = said.rpartition('\nNode: ')[2].partition('\n')[2]
  asserted = _ASSERTED.search(said)
  return asserted[1] if asserted else said.strip()
