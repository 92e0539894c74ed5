"""Lets `python -m tf_creative.bulk` be the command."""

from tf_creative import bulk
from tf_creative.cli import command

command.run(bulk.bulk, bulk.__doc__ or '', bulk.BulkConfig)
