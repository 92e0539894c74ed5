"""Builds the sdist and the wheel of this checkout, and the wheel of TF-Agents that goes with it.

  python .ci/build.py dist

The sdist is built in a copy, so that nothing is left here (on some systems, setuptools' folder
`build` and the file BUILD are the same name); and the wheel from the sdist, so that it is whole.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

import companion

ROOT = pathlib.Path(__file__).parents[1]
HELD = ('pyproject.toml', 'README.md', 'LICENSE', 'tf_creative', 'pipelines')
CALL = 'import sys; from setuptools import build_meta; build_meta.build_{}(sys.argv[1])'


def main(folder: str) -> None:
  """Write the sdist and both wheels into `folder`, in place of those of before."""
  target = pathlib.Path(folder).absolute()
  target.mkdir(parents=True, exist_ok=True)
  for old in target.glob('tf_creative*'):
    old.unlink()
  companion.main(folder)
  for path in build(target):
    print(path)


def build(target: pathlib.Path) -> list[pathlib.Path]:
  """Build the sdist, and from it the wheel; return their paths."""
  with tempfile.TemporaryDirectory() as place:
    copy = pathlib.Path(place) / 'copy'
    copy.mkdir()
    for name in HELD:
      source = ROOT / name
      if source.is_dir():
        shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns('__pycache__'))
      else:
        shutil.copy2(source, copy / name)
    call('sdist', copy, target)
    [sdist] = target.glob('*.tar.gz')
    with tarfile.open(sdist) as archive:
      archive.extractall(place, filter='data')
    call('wheel', pathlib.Path(place) / sdist.name.removesuffix('.tar.gz'), target)
  return [sdist, *target.glob('tf_creative-*.whl')]


def call(what: str, source: pathlib.Path, target: pathlib.Path) -> None:
  """Let setuptools build; what it says is shown only if it fails."""
  done = subprocess.run(
    [sys.executable, '-c', CALL.format(what), str(target)],
    cwd=source,
    env=os.environ | {'PYTHONPATH': ''},
    capture_output=True,
    text=True,
  )
  if done.returncode:
    raise SystemExit(f'{done.stdout}{done.stderr}\nerror: the {what} cannot be built.')


if __name__ == '__main__':
  main(*sys.argv[1:])
