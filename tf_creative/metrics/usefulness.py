"""Measures how useful works are as training data for a classifier of real works."""

from __future__ import annotations

import numpy as np
from sklearn import svm


def train_on_synthetic(values, labels, test_values, test_labels) -> float:
  """Train a classifier on `values` only; return its accuracy on real works (Esteban et al. 2017).

  It reads raw cells, because the judge's features were learnt from the training split. The accuracy
  falls with wrong labels and with a lack of variety. It grows with the number of works: compare at
  equal numbers.
  """
  values, test_values = (np.reshape(part, (len(part), -1)) for part in (values, test_values))
  labels, test_labels = np.asarray(labels), np.asarray(test_labels)
  known = np.unique(labels)
  if len(known) == 1:  # an SVC refuses a single class
    return float(np.mean(test_labels == known[0]))
  return float(svm.SVC(C=10, gamma='scale').fit(values, labels).score(test_values, test_labels))
