"""Rows of a file as a sequence that reads them when they are asked for."""

import json
from array import array
from collections.abc import Sequence
from typing import Any, Callable, Iterator


class Rows(Sequence):
    """One JSON document a line; read-only. Only the places of the lines are held."""

    def __init__(self, path: str, read: Callable[[Any], Any]) -> None:
        self._path = path
        self._read = read
        self._offsets = array("Q")
        with open(path, "rb") as file:
            offset = 0
            for line in file:
                self._offsets.append(offset)
                offset += len(line)

    def __len__(self) -> int:
        return len(self._offsets)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        with open(self._path, "rb") as file:
            file.seek(self._offsets[index])
            return self._read(json.loads(file.readline()))

    def __iter__(self) -> Iterator[Any]:
        with open(self._path, "rb") as file:
            for line in file:
                yield self._read(json.loads(line))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)
