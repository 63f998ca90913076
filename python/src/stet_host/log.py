"""What snippets print goes to the call that printed it."""

import contextvars
import io
from typing import Any, List, Optional

longest_log = 16_384
"""Characters kept of one call."""


class CallLog:
    def __init__(self) -> None:
        self._pieces: List[str] = []
        self._left = longest_log

    def write(self, text: str) -> None:
        if self._left <= 0:
            return
        kept = text[: self._left]
        self._left -= len(kept)
        self._pieces.append(kept if len(kept) == len(text) or self._left > 0 else kept + "…")

    @property
    def text(self) -> Optional[str]:
        return "".join(self._pieces) or None


current_log: "contextvars.ContextVar[Optional[CallLog]]" = contextvars.ContextVar("current_log", default=None)


class LogStream(io.TextIOBase):
    """In place of `sys.stdout` and `sys.stderr`; outside of a call nothing is kept."""

    def writable(self) -> bool:
        return True

    def write(self, text: Any) -> int:
        log = current_log.get()
        if log is not None:
            log.write(str(text))
        return len(text)
