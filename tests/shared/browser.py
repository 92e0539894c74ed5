"""A headless Chromium that tests drive by its DevTools protocol, without any library."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time

import numpy as np

BINARY = next(
  filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None
)
_SECONDS = 60.0
# Chromium reads messages from descriptor 3 and writes them to 4, whatever they were before.
_LAUNCH = """
import fcntl, os, sys
out, into = (fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3])
os.dup2(out, 3)
os.dup2(into, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
_CANVAS = """(() => {
  const {width, height} = %s;
  const copy = new OffscreenCanvas(width, height);
  const context = copy.getContext('2d', {willReadFrequently: true});
  context.drawImage(%s, 0, 0);
  return [height, width, ...context.getImageData(0, 0, width, height).data];
})()"""
_KEYS = {' ': 'Space', 'Enter': 'Enter', 'Tab': 'Tab'}  # those whose code matters
_TEXT = {'Enter': '\r'}


class Browser:
  """One page; what it asked for, logged and failed to do is kept in `asked` and `faults`."""

  def __init__(self, folder, width: int = 1400, height: int = 900):
    out, self._out = os.pipe()
    self._in, into = os.pipe()
    self._process = subprocess.Popen(
      [sys.executable, '-c', _LAUNCH, f'{out}', f'{into}', BINARY, *_flags(folder, width, height)],
      pass_fds=(out, into),
      stdin=subprocess.DEVNULL,
      stdout=subprocess.DEVNULL,
      stderr=subprocess.DEVNULL,
      start_new_session=True,
    )
    os.close(out)
    os.close(into)
    self._read, self._count, self._session = b'', 0, None
    self.asked: list[str] = []
    self.faults: list[str] = []
    target = self.send('Target.createTarget', url='about:blank')['targetId']
    attached = self.send('Target.attachToTarget', targetId=target, flatten=True)
    self._session = attached['sessionId']
    for domain in ('Page', 'Runtime', 'Log', 'Network'):
      self.send(f'{domain}.enable')

  def close(self) -> None:
    os.close(self._out)
    os.close(self._in)
    try:
      self._process.wait(5)
    except subprocess.TimeoutExpired:
      os.killpg(self._process.pid, signal.SIGKILL)
      self._process.wait()

  def renew(self) -> None:
    """An empty page without motion, that has neither erred nor asked for anything."""
    self.resize(1400, 900)
    self.emulate(calm=True)
    self.open('about:blank')
    self.faults.clear()
    self.asked.clear()

  def send(self, method: str, **params) -> dict:
    """What Chromium answers to a command."""
    self._count += 1
    message = {'id': self._count, 'method': method, 'params': params}
    if self._session:
      message['sessionId'] = self._session
    os.write(self._out, json.dumps(message).encode() + b'\0')
    while True:
      said = self._next()
      if said.get('id') == self._count:
        if 'error' in said:
          raise RuntimeError(f'{method}: {said["error"]["message"]}')
        return said['result']
      self._note(said)

  def open(self, address: str) -> None:
    self.send('Page.navigate', url=address)
    self.until('document.readyState == "complete"')

  def value(self, script: str):
    """What a JavaScript expression gives."""
    answer = self.send('Runtime.evaluate', expression=script, returnByValue=True, awaitPromise=True)
    if 'exceptionDetails' in answer:
      raise RuntimeError(f'{script}: {answer["exceptionDetails"]}')
    return answer['result'].get('value')

  def until(self, script: str):
    """Waits for an expression to be true, and gives what it is then."""
    deadline = time.monotonic() + _SECONDS
    while not (value := self.value(script)):
      assert time.monotonic() < deadline, f'this has not come true: {script}'
      time.sleep(0.03)
    return value

  def press(self, *keys: str) -> None:
    """Presses keys one by one: characters, or names such as 'Enter'."""
    for key in keys:
      text = _TEXT.get(key, key if len(key) == 1 else '')
      code = {'key': key, 'code': _KEYS.get(key, ''), 'windowsVirtualKeyCode': _virtual(key)}
      self.send('Input.dispatchKeyEvent', type='keyDown', text=text, **code)
      self.send('Input.dispatchKeyEvent', type='keyUp', **code)

  def emulate(self, calm: bool = False, dark: bool = False) -> None:
    """What the user prefers: no motion, a dark page."""
    wanted = {'reduced-motion': 'reduce' if calm else '', 'color-scheme': 'dark' if dark else ''}
    features = [{'name': f'prefers-{name}', 'value': value} for name, value in wanted.items()]
    self.send('Emulation.setEmulatedMedia', features=features)

  def resize(self, width: int, height: int) -> None:
    self.send(
      'Emulation.setDeviceMetricsOverride',
      width=width,
      height=height,
      deviceScaleFactor=1,
      mobile=False,
    )

  def text(self, name: str) -> str:
    """What the element of this id says."""
    return self.value(f"document.getElementById('{name}').textContent")

  def colours(self, canvas: str) -> np.ndarray:
    """The colours on a canvas, by its id or as an expression: [H, W, 3]."""
    name = f"document.getElementById('{canvas}')" if canvas.isidentifier() else canvas
    height, width, *rgba = self.value(_CANVAS % (name, name))
    rgba = np.array(rgba).reshape(height, width, 4)
    assert (rgba[..., 3] == 255).all()
    return rgba[..., :3]

  def picture(self, whole: bool = False) -> bytes:
    """The page as it looks, as PNG."""
    shot = self.send('Page.captureScreenshot', captureBeyondViewport=whole)
    return base64.b64decode(shot['data'])

  def _next(self) -> dict:
    deadline = time.monotonic() + _SECONDS
    while b'\0' not in self._read:
      ready, _, _ = select.select([self._in], [], [], deadline - time.monotonic())
      chunk = os.read(self._in, 1 << 16) if ready else b''
      assert chunk, 'Chromium says nothing any more'
      self._read += chunk
    said, self._read = self._read.split(b'\0', 1)
    return json.loads(said)

  def _note(self, said: dict) -> None:
    method, params = said.get('method'), said.get('params', {})
    if method == 'Network.requestWillBeSent':
      self.asked.append(params['request']['url'])
    elif method == 'Runtime.exceptionThrown':
      self.faults.append(json.dumps(params['exceptionDetails']))
    elif method == 'Runtime.consoleAPICalled' and params['type'] in ('error', 'warning'):
      self.faults.append(json.dumps(params['args']))
    elif method == 'Log.entryAdded' and params['entry']['level'] in ('error', 'warning'):
      self.faults.append(json.dumps(params['entry']))


def _flags(folder, width: int, height: int) -> list[str]:
  return [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--no-first-run',
    '--remote-debugging-pipe',
    f'--user-data-dir={folder}',
    f'--window-size={width},{height}',
  ]


def _virtual(key: str) -> int:
  """The number that a key had on Windows, by which browsers still know it."""
  numbers = {'Enter': 13, 'Tab': 9, 'ArrowLeft': 37, 'ArrowUp': 38, 'ArrowRight': 39}
  numbers |= {'ArrowDown': 40, 'Home': 36, 'End': 35, 'PageUp': 33, 'PageDown': 34, 'Delete': 46}
  return numbers.get(key, ord(key.upper()) if len(key) == 1 and key.isalnum() else 0)
