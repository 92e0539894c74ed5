"""Which names REST may be asked by.

A page of another site cannot read what this server answers, unless its name is made to stand for
this machine (DNS rebinding). Then the name is still that of the other site, and so it is refused.
"""

from __future__ import annotations

from collections.abc import Collection
import ipaddress
import re

from tf_creative.serving.server.http import heads

_ORIGIN = re.compile(r'https?://(.+)', re.IGNORECASE)


def check(head: heads.Head, local: str, names: Collection[str]) -> None:
  """Refuse a request unless its Host, and its Origin if it has one, are ours.

  Ours are this machine's names for itself, the address `local` that was asked, and `names`.
  """
  (host,) = head.fields['host']
  if not _is_ours(host, local, names):
    raise heads.Refused(403, f"this server is not to be asked as '{host}': see --allow_host.")
  for origin in head.fields.get('origin', []):
    found = _ORIGIN.fullmatch(origin)
    if not found or not _is_ours(found[1], local, names):
      raise heads.Refused(403, 'a page of another site may not ask this server: see --allow_host.')


def _is_ours(host: str, local: str, names: Collection[str]) -> bool:
  name = re.sub(r':\d+$', '', host).strip('[]').rstrip('.').lower()
  if name == 'localhost' or name in {one.lower() for one in names}:
    return True
  try:
    address = ipaddress.ip_address(name)
  except ValueError:
    return False
  return address.is_loopback or address == ipaddress.ip_address(local.partition('%')[0])
