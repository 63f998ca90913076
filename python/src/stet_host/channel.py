"""The two pipes to the pool: calls come in on descriptor 3, messages go out on descriptor 4, a JSON document a line."""

import json
import os
from typing import Any, Callable, List

_incoming = 3
_outgoing = 4


class Channel:
    def __init__(self) -> None:
        self._lines: List[bytes] = []

    def send(self, message: Any) -> None:
        """Leaves with the next `flush`."""
        self._lines.append(json.dumps(message, separators=(",", ":")).encode())

    def flush(self) -> None:
        lines, self._lines = self._lines, []
        if lines:
            self._write(b"\n".join(lines) + b"\n")

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(_outgoing, view) :]

    def read(self, hear: Callable[[List[Any]], None]) -> None:
        """Blocks until the pool has closed its end."""
        rest = b""
        while True:
            chunk = os.read(_incoming, 1 << 18)
            if not chunk:
                return
            *lines, rest = (rest + chunk).split(b"\n")
            if lines:
                hear([json.loads(line) for line in lines])
