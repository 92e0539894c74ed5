"""Packs TF-Agents once more, with metadata that can be satisfied: the wheel tf-creative-agents.

  python .ci/companion.py dist

TF-Agents 0.19 asks for packages that its code does not need (gym, pygame, typing-extensions), and
for a TensorFlow Probability that does not work beside TensorFlow 2.21, so no installer can put it
there. Its code is taken as it is, from its own wheel, whose hash stands below.
"""

import base64
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

SOURCE = 'tf-agents==0.19.0'
HASH = 'sha256:ff27f3020c486746faff2046abea1fbd8b16fb93984ff685d8ee34a17f9f84f8'
NAME, VERSION = 'tf-creative-agents', '0.19.0.post1'
INFO = f'{NAME.replace("-", "_")}-{VERSION}.dist-info'
LEFT_OUT = {'gym', 'pygame', 'typing-extensions', 'tensorflow-probability'}
ADDED = ('tensorflow-probability==0.25.*', 'tf-keras==2.21.*')
SUMMARY = (
  'TF-Agents 0.19.0 as it is, with requirements that TensorFlow 2.21 can be installed beside'
)
NOTICE = f"""{NAME} {VERSION}

This is TF-Agents 0.19.0 (https://github.com/tensorflow/agents), copyright of The TF-Agents Authors,
under the Apache License 2.0, which is the file LICENSE beside this one. No file of the folder
tf_agents/ has been changed. Changed by the authors of tf_creative, in the metadata only:

- the name, the version and the summary;
- left out: the requirements gym, pygame, typing-extensions and tensorflow-probability ~=0.23.0, and
  the extras 'reverb' and 'tests';
- added: the requirements {' and '.join(ADDED)}, this file, and the list of files (RECORD).

It holds the folder of the distribution tf-agents, so only one of the two may be installed. For
anything but tf_creative, take the original.
"""


def main(folder: str) -> None:
  """Download TF-Agents' wheel, check its hash, and write ours into `folder`."""
  with tempfile.TemporaryDirectory() as place:
    wanted = pathlib.Path(place) / 'wanted.txt'
    wanted.write_text(f'{SOURCE} --hash={HASH}\n')
    pip = [sys.executable, '-m', 'pip', 'download', '--quiet', '--disable-pip-version-check']
    pip += ['--no-deps', '--require-hashes', '--only-binary=:all:', '--dest', place]
    subprocess.run([*pip, '--requirement', str(wanted)], check=True)
    [wheel] = pathlib.Path(place).glob('*.whl')
    print(repack(wheel, pathlib.Path(folder)))


def repack(wheel: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
  """Write a wheel with the files of another one and metadata of our own; return its path.

  The same wheel gives the same bytes.
  """
  folder.mkdir(parents=True, exist_ok=True)
  path = folder / f'{INFO.removesuffix(".dist-info")}-py3-none-any.whl'
  with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as made:
    [info] = {name.split('/')[0] for name in source.namelist() if '.dist-info/' in name}
    record = ''

    def write(name: str, content: bytes, when: tuple) -> None:
      nonlocal record
      entry = zipfile.ZipInfo(name, when)
      entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
      made.writestr(entry, content)
      digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()
      record += f'{name},sha256={digest},{len(content)}\n'

    for entry in source.infolist():
      name, content = entry.filename, source.read(entry)
      if name == f'{info}/RECORD':
        continue
      if name == f'{info}/METADATA':
        content = metadata(content.decode()).encode()
      write(name.replace(f'{info}/', f'{INFO}/', 1), content, entry.date_time)
    when = source.getinfo(f'{info}/METADATA').date_time
    write(f'{INFO}/NOTICE', NOTICE.encode(), when)
    listing = zipfile.ZipInfo(f'{INFO}/RECORD', when)
    listing.compress_type, listing.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    made.writestr(listing, record + f'{INFO}/RECORD,,\n')
  return path


def metadata(text: str) -> str:
  """Return TF-Agents' metadata with our name, version and requirements."""
  head, _, description = text.partition('\n\n')
  lines = [line for line in head.splitlines() if not line.startswith('Provides-Extra:')]
  kept = [line for line in lines if not _is_left_out(line)]
  swap = {'Name': NAME, 'Version': VERSION, 'Summary': SUMMARY}
  changed = [
    f'{key}: {swap[key]}' if (key := line.partition(':')[0]) in swap else line for line in kept
  ]
  added = [f'Requires-Dist: {requirement}' for requirement in ADDED]
  return '\n'.join([*changed, *added, 'License-File: NOTICE', '', description])


def _is_left_out(line: str) -> bool:
  """Return whether a line asks for what is not needed, or for what only an extra needs."""
  match = re.match(r'Requires-Dist: ([\w.-]+)', line)
  return bool(match) and (match[1].lower() in LEFT_OUT or 'extra ==' in line)


if __name__ == '__main__':
  main(*sys.argv[1:])
