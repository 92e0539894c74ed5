"""Whether this checkout learns what another one did: equal seeds, equal numbers, to the last digit.

  python tests/same_numbers.py ../before --pipelines=pixel_art,level --rounds=100 --seed=3

Trains every pipeline in both checkouts (each with its own flagfiles, in processes of its own) and
compares the rows of metrics.jsonl. Names that only one of them has are told, not compared. What is
finished in --out is not trained again.
"""

import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
RENAMED: dict[str, str] = {}  # the name before: the name now


def train(checkout: pathlib.Path, pipeline: str, run_dir: pathlib.Path, flags: list[str]) -> None:
  """Trains one pipeline in a checkout, if it has not been."""
  if (run_dir / 'done').exists():
    return
  command = [sys.executable, '-m', 'tf_creative.train', f'--flagfile=pipelines/{pipeline}.flags']
  command += [*flags, f'--run_dir={run_dir}', '--noexport', '--noprogress']
  subprocess.run(command, cwd=checkout, check=True, stdout=subprocess.DEVNULL)
  (run_dir / 'done').touch()


def compare(before: pathlib.Path, now: pathlib.Path) -> tuple[int, list[str], set[str]]:
  """How many numbers were compared, which differ, and which names only one side has."""
  old, new = (
    [json.loads(line) for line in (path / 'metrics.jsonl').read_text().splitlines()]
    for path in (before, now)
  )
  if len(old) != len(new):
    return 0, [f'{len(old)} rows before, {len(new)} now'], set()
  count, differ, alone = 0, [], set()
  for one, other in zip(old, new, strict=True):
    one = {RENAMED.get(name, name): value for name, value in one.items()}
    alone |= one.keys() ^ other.keys()
    for name in one.keys() & other.keys():
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
  wrong = 0
  for name in filter(None, given.pipelines.split(',')) if given.pipelines else names:
    runs = [(given.out / side / name).resolve() for side in ('before', 'now')]
    for checkout, run_dir in zip((given.before, ROOT), runs, strict=True):
      train(checkout, name, run_dir, flags)
    count, differ, alone = compare(*runs)
    print(f'{name}: {count} numbers compared, {len(differ)} differ', flush=True)
    for text in differ[:5]:
      print(f'  {text}')
    if alone:
      print(f'  only on one side: {", ".join(sorted(alone))}')
    wrong += bool(differ) or not count
  return int(wrong > 0)


if __name__ == '__main__':
  sys.exit(main())
