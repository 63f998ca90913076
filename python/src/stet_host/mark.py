"""Writes down which call is computing, where the pool sees it although this process says nothing any more."""

import mmap
import os
import struct
import time
import types
from typing import Any, Awaitable, Callable, Generator, TypeVar

Result = TypeVar("Result")

_layout = struct.Struct("<ixxxxd")
"""The id of the call, 0 where none computes, and since when, in milliseconds since 1970."""


class Mark:
    def __init__(self, path: str) -> None:
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _layout.size)

    def during(self, call_id: int, compute: Callable[[], Result]) -> Result:
        """Runs what may take for ever, marked."""
        _layout.pack_into(self._memory, 0, call_id, time.time() * 1000)
        try:
            return compute()
        finally:
            _layout.pack_into(self._memory, 0, 0, 0.0)

    def stepwise(self, call_id: int, work: Awaitable[Any]) -> "Awaitable[Any]":
        """The same work, marked at every step from one wait to the next."""

        @types.coroutine
        def steps() -> Generator[Any, Any, Any]:
            inner = work.__await__()
            advance: Callable[[], Any] = lambda: inner.send(None)  # noqa: E731
            while True:
                try:
                    waits_for = self.during(call_id, advance)
                except StopIteration as end:
                    return end.value
                try:
                    value = yield waits_for
                    advance = lambda value=value: inner.send(value)  # noqa: E731
                except BaseException as error:
                    advance = lambda error=error: inner.throw(error)  # noqa: E731

        return steps()


def read_path() -> str:
    return os.environ.pop("STET_HOST_MARK")
