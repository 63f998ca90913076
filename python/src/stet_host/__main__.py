"""Entry: reads calls, runs them, and writes what they come to. Must hold against code that raises, prints and never ends."""

import asyncio
import contextvars
import inspect
import json
import os
import sys
import threading
import time
from typing import Any, Dict, List, Optional

from stet_host.channel import Channel
from stet_host.entries import Entry, check_function, entries
from stet_host.faults import Fault, ModelError, describe_error, describe_trace, find_line
from stet_host.log import CallLog, LogStream, current_log
from stet_host.mark import Mark, read_path
from stet_host.snippets import Snippets

flush_after_s = 0.005


class Runner:
    def __init__(self, channel: Channel, mark: Mark, loop: asyncio.AbstractEventLoop) -> None:
        self._channel = channel
        self._mark = mark
        self._loop = loop
        self._snippets = Snippets()
        self._tasks: Dict[int, "asyncio.Task[None]"] = {}
        self._requests: Dict[int, "asyncio.Future[Any]"] = {}
        self._last_request = 0
        self._flushed_at = 0.0
        self._started_at: Dict[int, float] = {}

    def handle(self, messages: List[Any]) -> None:
        for message in messages:
            kind = message["type"]
            if kind == "call":
                self._call(message)
            elif kind == "abort":
                task = self._tasks.get(message["id"])
                if task is not None:
                    task.cancel()
            elif kind == "ask":
                # From the loop and not from the thread that reads: a snippet that blocks it is to be found out.
                self._tell_running(message["id"])
            else:
                self._settle_request(message)
            if time.monotonic() - self._flushed_at > flush_after_s:
                self._flush()
        self._flush()

    def _flush(self) -> None:
        self._channel.flush()
        self._flushed_at = time.monotonic()

    def _call(self, message: Any) -> None:
        call_id = message["id"]
        log = CallLog()
        self._started_at[call_id] = time.monotonic()
        context = contextvars.copy_context()
        context.run(current_log.set, log)
        try:
            pending = self._mark.during(call_id, lambda: context.run(self._begin, message))
            if not inspect.isawaitable(pending):
                self._end(call_id, pending(), log)
                return
        except BaseException as error:
            self._fail(call_id, error, log)
            return

        async def work() -> None:
            try:
                finish = await self._mark.stepwise(call_id, pending)
                self._end(call_id, self._mark.during(call_id, finish), log)
            except BaseException as error:
                self._fail(call_id, error, log)
            finally:
                self._tasks.pop(call_id, None)
                self._flush()

        self._tasks[call_id] = context.run(self._loop.create_task, work())

    def _begin(self, message: Any) -> Any:
        """What makes the result, or something to wait for that brings it."""
        snippet = self._snippets.load(message["path"], message["file"], message["line"], message.get("secrets", {}))
        entry = entries[message["entry"]]
        function = snippet.get_function(entry.function)
        if message.get("argument") is None:
            check_function(entry, function)
            return lambda: True
        argument = json.loads(message["argument"])
        returned = function(*entry.arguments(argument, function, lambda request: self._ask(message["id"], request)))
        if inspect.isawaitable(returned):
            return _shape_later(entry, returned, argument)
        shaped = entry.shape(returned, argument)
        return lambda: shaped

    async def _ask(self, call_id: int, request: Any) -> Any:
        self._last_request += 1
        request_id = self._last_request
        future: "asyncio.Future[Any]" = self._loop.create_future()
        self._requests[request_id] = future
        self._channel.send({"type": "request", "id": call_id, "requestId": request_id, "value": json.dumps(request)})
        self._flush()
        try:
            return await future
        finally:
            self._requests.pop(request_id, None)

    def _settle_request(self, message: Any) -> None:
        future = self._requests.get(message["requestId"])
        if future is None or future.done():
            return
        if message["type"] == "response":
            future.set_result(json.loads(message["value"]))
        else:
            future.set_exception(ModelError(message["failure"]["message"]))

    def _tell_running(self, call_id: int) -> None:
        started_at: Optional[float] = self._started_at.get(call_id)
        running = {} if started_at is None else {"runningMs": (time.monotonic() - started_at) * 1000}
        self._channel.send({"type": "running", "id": call_id, **running})

    def _end(self, call_id: int, value: Any, log: CallLog) -> None:
        self._started_at.pop(call_id, None)
        message = {"type": "result", "id": call_id, "value": json.dumps(value, separators=(",", ":"))}
        self._channel.send(_with_log(message, log))

    def _fail(self, call_id: int, error: BaseException, log: CallLog) -> None:
        self._started_at.pop(call_id, None)
        files = self._snippets.file_names
        message: Dict[str, Any] = {
            "type": "error",
            "id": call_id,
            "isThrown": not isinstance(error, Fault),
            "message": str(error) if isinstance(error, Fault) else describe_error(error),
            "code": _find_code(error),
        }
        trace = describe_trace(error, files)
        line = find_line(error, files)
        if trace is not None:
            message["trace"] = trace
        if line is not None:
            message["line"] = line
        self._channel.send(_with_log(message, log))


async def _shape_later(entry: Entry, returned: Any, argument: Any) -> Any:
    value = await returned
    return lambda: entry.shape(value, argument)


def _with_log(message: Dict[str, Any], log: CallLog) -> Dict[str, Any]:
    text = log.text
    return message if text is None else {**message, "log": text}


def _find_code(error: BaseException) -> str:
    if isinstance(error, Fault):
        return error.code
    if isinstance(error, ModelError):
        return "model"
    if isinstance(error, SyntaxError):
        return "syntax"
    if isinstance(error, MemoryError):
        return "memory"
    return "raised"


def _limit_memory() -> None:
    limit_mb = int(os.environ.pop("STET_HOST_MEMORY_MB", "0"))
    if limit_mb <= 0:
        return
    try:
        import resource

        # Data rather than address space: numerical packages reserve much that they never use.
        resource.setrlimit(resource.RLIMIT_DATA, (limit_mb << 20, limit_mb << 20))
    except (ImportError, ValueError, OSError):
        return


def main() -> None:
    channel = Channel()
    mark = Mark(read_path())
    _limit_memory()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    sys.stdout = LogStream()
    sys.stderr = LogStream()
    runner = Runner(channel, mark, loop)

    def listen() -> None:
        channel.read(lambda messages: loop.call_soon_threadsafe(runner.handle, messages))
        # Nobody is there any more, and snippets may be stuck.
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    loop.run_forever()


if __name__ == "__main__":
    main()
