"""Whether this checkout learns what another one did: equal seeds, equal numbers, to the last digit.

  python tests/same_numbers.py ../before --pipelines=pixel_art,level --rounds=100 --seed=3

Trains every pipeline in both checkouts (each with its own flagfiles, in processes of its own) and
compares the rows of metrics.jsonl. A name that is there no more is a difference; new ones are told.
The other commit is trained once for the same flags, this checkout anew each time.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
RENAMED: dict[str, str] = {}  # the name before: the name now


def train(checkout: pathlib.Path, pipeline: str, run_dir: pathlib.Path, flags: list[str]) -> None:
  """Trains one pipeline in a checkout."""
  shutil.rmtree(run_dir, ignore_errors=True)
  command = [sys.executable, '-m', 'tf_creative.train', f'--flagfile=pipelines/{pipeline}.flags']
  command += [*flags, f'--run_dir={run_dir}', '--noexport', '--noprogress']
  subprocess.run(command, cwd=checkout, check=True, stdout=subprocess.DEVNULL)


def compare(before: pathlib.Path, now: pathlib.Path) -> tuple[int, list[str], set[str]]:
  """How many numbers were compared, which differ, and which names are new."""
  old, new = (
    [json.loads(line) for line in (path / 'metrics.jsonl').read_text().splitlines()]
    for path in (before, now)
  )
  if len(old) != len(new):
    return 0, [f'{len(old)} rows before, {len(new)} now'], set()
  count, differ, alone = 0, [], set()
  for one, other in zip(old, new, strict=True):
    one = {RENAMED.get(name, name): value for name, value in one.items()}
    alone |= other.keys() - one.keys()
    differ += [f'round {one["round"]}, {name}: no more' for name in one.keys() - other.keys()]
    for name in one.keys() & other.keys() - {'round'}:
      count += 1
      if one[name] != other[name]:
        differ.append(f'round {one["round"]}, {name}: {one[name]} before, {other[name]} now')
  return count, differ, alone


def main() -> int:
  parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
  parser.add_argument('before', type=pathlib.Path, help='a checkout of the other commit')
  parser.add_argument('--pipelines', default='', help='names by commas; all where it is empty')
  parser.add_argument('--rounds', type=int, default=100)
  parser.add_argument('--seed', type=int, default=3)
  parser.add_argument('--works', type=int, default=100)
  parser.add_argument('--out', type=pathlib.Path, default=pathlib.Path('runs/same_numbers'))
  given = parser.parse_args()
  names = sorted(path.stem for path in (given.before / 'pipelines').glob('*.flags'))
  names = [name for name in names if name != 'base' and not name.endswith('_ablation')]
  flags = [f'--rounds={given.rounds}', f'--seed={given.seed}', f'--works={given.works}']
  commit = subprocess.run(
    ['git', 'rev-parse', '--short', 'HEAD'],
    cwd=given.before,
    capture_output=True,
    check=True,
    text=True,
  ).stdout.strip()
  known = '_'.join([commit, *(flag.strip('-') for flag in flags)])
  wrong = 0
  for name in filter(None, given.pipelines.split(',')) if given.pipelines else names:
    before, now = ((given.out / side / name).resolve() for side in (known, 'now'))
    if not (before / 'done').exists():
      train(given.before, name, before, flags)
      (before / 'done').touch()
    train(ROOT, name, now, flags)
    count, differ, alone = compare(before, now)
    print(f'{name}: {count} numbers compared, {len(differ)} differ', flush=True)
    for text in differ[:5]:
      print(f'  {text}')
    if alone:
      print(f'  new: {", ".join(sorted(alone))}')
    wrong += bool(differ) or not count
  return int(wrong > 0)


if __name__ == '__main__':
  sys.exit(main())
