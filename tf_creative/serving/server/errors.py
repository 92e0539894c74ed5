"""What a request may be answered instead of an answer, by gRPC's code and by HTTP's status."""

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
_CODES = {code.value[0]: code for code in grpc.StatusCode}  # the numbers are TensorFlow's too
# What `tf.debugging` says: the message, then perhaps the condition and the tensors that it was of.
_ASSERTED = re.compile(r'assertion failed: \[([^\n]+?)\](?= \[|\s*$)')
_MOST_CHARACTERS = 2000  # of a message: it travels in a gRPC header


class ServingError(Exception):
  """A refusal: its code, what was wrong, and an HTTP status where that says more."""

  def __init__(self, code: grpc.StatusCode, message: str, http: int | None = None):
    super().__init__(message)
    self.code = code
    self.message = message[:_MOST_CHARACTERS]
    self.http = http or _HTTP.get(code, 500)


def bad(message: str) -> ServingError:
  """The answer to a request that can never be right."""
  return ServingError(grpc.StatusCode.INVALID_ARGUMENT, message)


def missing(message: str) -> ServingError:
  """The answer to a request for what is not there."""
  return ServingError(grpc.StatusCode.NOT_FOUND, message)


def of(error: Exception) -> ServingError:
  """Any exception as an answer; TensorFlow's errors keep their code."""
  if isinstance(error, ServingError):
    return error
  if isinstance(error, tf.errors.OpError):
    code = _CODES.get(error.error_code, grpc.StatusCode.INTERNAL)  # pyright: ignore[reportAttributeAccessIssue]
    return ServingError(code, _told(error.message))  # pyright: ignore[reportAttributeAccessIssue]
  return ServingError(grpc.StatusCode.INTERNAL, f'{type(error).__name__}: {error}')


def _told(message: str) -> str:
  """What an op has said, without where in the graph it stands, of a failed assertion its words."""
  said = message.partition('\n\t [[')[0].rpartition('Graph execution error:')[2]
  if '\nNode: ' in said:
    said = said.rpartition('\nNode: ')[2].partition('\n')[2]
  asserted = _ASSERTED.search(said)
  return asserted[1] if asserted else said.strip()
