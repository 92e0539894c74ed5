"""Data sets of TFDS that are there without a download."""

import tensorflow_datasets as tfds


def mock(name, tmp_path, examples=3, **splits):
  """A data set of TFDS with random pictures, but with its real features and these splits."""
  builder = tfds.builder(name, data_dir=str(tmp_path))
  infos = [
    tfds.core.SplitInfo(
      name=split,
      shard_lengths=[count],
      num_bytes=1,
      filename_template=tfds.core.ShardedFileTemplate(
        data_dir=builder.data_path, dataset_name=name, split=split, filetype_suffix='tfrecord'
      ),
    )
    for split, count in splits.items()
  ]
  builder.info.set_splits(tfds.core.splits.SplitDict(infos))
  builder.data_path.mkdir(parents=True)
  builder.info.write_to_directory(builder.data_path)
  return tfds.testing.mock_data(num_examples=examples, data_dir=str(tmp_path))
