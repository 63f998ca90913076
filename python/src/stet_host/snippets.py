"""Loads snippets: each in a module namespace of its own, once in the life of the process."""

import ast
import inspect
import linecache
import sys
import types
from typing import Any, Callable, Dict, Mapping, Optional, Set, Tuple

from stet_host.faults import Fault


class Snippet:
    """A loaded snippet. `file_name` is how tracebacks name the file that people wrote it in."""

    def __init__(self, module: types.ModuleType, file_name: str) -> None:
        self.module = module
        self.file_name = file_name

    def get_function(self, name: str) -> Callable[..., Any]:
        found = getattr(self.module, name, None)
        if callable(found):
            return found
        if found is not None:
            raise Fault("entry-missing", f"`{name}` is not a function.")
        offered = [
            key
            for key, value in vars(self.module).items()
            if inspect.isfunction(value) and value.__module__ == self.module.__name__
        ]
        names = ", ".join(f"`{key}`" for key in offered)
        raise Fault("entry-missing", f"It does not define `{name}`. " + (f"It defines {names}." if names else ""))


class Snippets:
    def __init__(self) -> None:
        self._loaded: Dict[Tuple[str, str], Snippet] = {}
        self.file_names: Set[str] = set()

    def load(self, path: str, file_name: str, first_line: int, secrets: Mapping[str, str]) -> Snippet:
        """
        Compiles and runs the file `path`. Its lines count from `first_line` of `file_name`. Placeholders of secrets are filled
        in here, in memory only; what tracebacks quote still has the placeholders.
        """
        key = (path, repr(sorted(secrets.items())))
        known = self._loaded.get(key)
        if known is not None:
            return known
        with open(path, encoding="utf-8") as file:
            text = file.read()
        shown = _make_file_name(file_name, self._loaded)
        self.file_names.add(shown)
        # Lines that stand before it in the user's file; tracebacks quote from here.
        quoted = [""] * (first_line - 1) + [line + "\n" for line in text.split("\n")]
        linecache.cache[shown] = (len(text), None, quoted, shown)
        source = text
        for name, value in secrets.items():
            source = source.replace(f"<< secrets.{name} >>", value)
        tree = _parse(source, shown, first_line)
        module = types.ModuleType(f"stet_snippet_{len(self._loaded)}")
        module.__file__ = shown
        # Data classes and pickles look their module up by name.
        sys.modules[module.__name__] = module
        exec(compile(tree, shown, "exec", dont_inherit=True), module.__dict__)
        snippet = Snippet(module, shown)
        self._loaded[key] = snippet
        return snippet


def _parse(source: str, file_name: str, first_line: int) -> ast.Module:
    try:
        tree = ast.parse(source, file_name)
    except SyntaxError as error:
        if error.lineno is not None:
            error.lineno += first_line - 1
        end: Optional[int] = getattr(error, "end_lineno", None)
        if end is not None:
            error.end_lineno = end + first_line - 1
        raise
    return ast.increment_lineno(tree, first_line - 1)


def _make_file_name(wanted: str, loaded: Mapping[Tuple[str, str], Snippet]) -> str:
    """Two snippets of one file are told apart, for the lines that tracebacks quote."""
    taken = {snippet.file_name for snippet in loaded.values()}
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted} ({number})" in taken:
        number += 1
    return f"{wanted} ({number})"
