"""What goes wrong in a snippet, as people read it: with the lines of their own file."""

import traceback
from typing import Optional, Set


class Fault(Exception):
    """Something that Stet finds wrong with a snippet or with what it returned."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ModelError(Exception):
    """A model query of a snippet that brought no answer."""


def describe_error(error: BaseException) -> str:
    """Type and message, as at the end of a traceback."""
    try:
        text = str(error)
    except Exception:
        text = "its message cannot be read"
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def describe_trace(error: BaseException, file_names: Set[str]) -> Optional[str]:
    """
    The traceback from the first line of a snippet on; what calls the snippet is nobody's business. None where no line of a
    snippet is in it.
    """
    if isinstance(error, SyntaxError):
        return "".join(traceback.format_exception_only(type(error), error)).rstrip()
    frames = traceback.extract_tb(error.__traceback__)
    first = next((index for index, frame in enumerate(frames) if frame.filename in file_names), None)
    if first is None:
        return None
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames[first:])]
    return "".join([*lines, *traceback.format_exception_only(type(error), error)]).rstrip()


def find_line(error: BaseException, file_names: Set[str]) -> Optional[int]:
    """The innermost line of a snippet that the error passed."""
    if isinstance(error, SyntaxError):
        return error.lineno
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in file_names]
    return frames[-1].lineno if frames else None
