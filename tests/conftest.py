"""Comes before any test module: what must be set before TensorFlow and TF-Agents are imported.

And the browser that the tests of pages share.
"""

import os

import pytest

from tests.shared import browser

os.environ.setdefault('TF_NUM_INTRAOP_THREADS', '1')  # two processes share the cores

import tf_creative.agent  # noqa: F401


@pytest.fixture(scope='module')
def chromium(tmp_path_factory):
  opened = browser.Browser(tmp_path_factory.mktemp('profile'))
  yield opened
  opened.close()


@pytest.fixture
def page(chromium):
  """A page without motion: works are shown finished. It must neither err nor ask elsewhere."""
  chromium.renew()
  return chromium
