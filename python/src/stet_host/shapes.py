"""What snippets return, checked and as JSON."""

import math
import numbers
from typing import Any, Dict, List, Mapping, Tuple

from latticeflow.core._structure import dump
from stet_host.faults import Fault

largest_integer = 2**53 - 1

Scores = Dict[str, Any]


def shape_scores(returned: Any) -> Dict[str, Scores]:
    """Flat scores, or `{"scores": …, "metadata": …}` where there is nothing beside these two."""
    values = dump(returned)
    if not isinstance(values, Mapping):
        raise Fault("shape", f"It returned {_name(returned)}; a mapping from score names to values is wanted.")
    metadata: Dict[str, Any] = {}
    if "scores" in values and set(values) <= {"scores", "metadata"} and isinstance(values["scores"], Mapping):
        given = values.get("metadata")
        if given is not None and not isinstance(given, Mapping):
            raise Fault("shape", f'It returned "metadata" that is {_name(given)}; a mapping is wanted.')
        metadata = {} if given is None else to_json(given, "metadata")
        values = values["scores"]
    scores: Scores = {}
    not_finite: Dict[str, str] = {}
    for name, value in values.items():
        if not isinstance(name, str):
            raise Fault("shape", f"It returned a score under the name {name!r}; names are text.")
        plain = _to_plain(value)
        if isinstance(plain, (list, tuple, Mapping)):
            raise Fault("shape", f"It returned {_name(value)} as score {name!r}; put it under metadata.")
        if isinstance(plain, float) and not math.isfinite(plain):
            not_finite[name] = str(plain)
            plain = None
        scores[name] = _check_atom(plain, f"score {name!r}")
    if not_finite:
        metadata = {**metadata, "not_finite": not_finite}
    return {"scores": scores, "metadata": metadata}


def shape_metrics(returned: Any) -> Dict[str, Any]:
    """Name → number or null; a number that is not finite is null, and its name is listed."""
    values = dump(returned)
    if not isinstance(values, Mapping):
        raise Fault("shape", f"It returned {_name(returned)}; a mapping from metric names to numbers is wanted.")
    metrics: Dict[str, Any] = {}
    not_finite: List[str] = []
    for name, value in values.items():
        plain = _to_plain(value)
        if not isinstance(name, str):
            raise Fault("shape", f"It returned a metric under the name {name!r}; names are text.")
        if isinstance(plain, bool) or not (plain is None or isinstance(plain, (int, float))):
            raise Fault("shape", f"It returned {_name(value)} as metric {name!r}; a number or None is wanted.")
        if isinstance(plain, float) and not math.isfinite(plain):
            not_finite.append(name)
            plain = None
        metrics[name] = plain
    return {"metrics": metrics, "not_finite": not_finite}


def shape_evidence(returned: Any) -> Dict[str, Any]:
    """`{"metrics": {name: {"value": number, "reason": text}}}`, or the types that say the same."""
    evidence = dump(returned)
    entries = evidence.get("metrics") if isinstance(evidence, Mapping) else None
    if not isinstance(entries, Mapping):
        raise Fault("shape", f'It returned {_name(returned)}; {{"metrics": {{name: {{"value": …}}}}}} is wanted.')
    reasons: Dict[str, str] = {}
    values: Dict[str, Any] = {}
    for name, entry in entries.items():
        if not isinstance(entry, Mapping) or "value" not in entry:
            raise Fault("shape", f'It returned metric {name!r} without "value".')
        values[name] = entry["value"]
        if entry.get("reason") is not None:
            reasons[str(name)] = str(entry["reason"])
    return {**shape_metrics(values), "reasons": reasons}


def shape_pairs(returned: Any) -> List[Tuple[Any, Any]]:
    """A list of (sample, solver output)."""
    pairs = dump(returned)
    if not isinstance(pairs, list):
        raise Fault("shape", f"It returned {_name(returned)}; a list of (sample, solver_output) is wanted.")
    for index, pair in enumerate(pairs):
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], Mapping):
            raise Fault("shape", f"Entry {index} of what it returned is no pair of a sample and a solver output.")
    return [to_json(pair, f"entry {index}") for index, pair in enumerate(pairs)]


def shape_rows(returned: Any) -> List[Any]:
    """A list of mappings."""
    rows = dump(returned)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Fault("shape", f"It returned {_name(returned)}; a list of mappings is wanted.")
    return [to_json(row, f"row {index}") for index, row in enumerate(rows)]


def shape_trace(returned: Any) -> Any:
    """A `SolverTrace`, or the trace alone."""
    from latticeflow.core.dtypes import SolverTrace, Trace

    if isinstance(returned, Trace):
        returned = SolverTrace(trace=returned)
    if not isinstance(returned, SolverTrace):
        raise Fault("shape", f"It returned {_name(returned)}; the trace is wanted.")
    return to_json({"trace": dump(returned.trace), "raw_outputs": dump(returned.raw_outputs)}, "the trace")


def shape_text(returned: Any) -> str:
    if not isinstance(returned, str):
        raise Fault("shape", f"It returned {_name(returned)}; text is wanted.")
    return returned


def to_json(value: Any, place: str) -> Any:
    """Plain data; what is not finite becomes null."""
    plain = _to_plain(dump(value))
    if isinstance(plain, Mapping):
        return {_check_name(name, place): to_json(entry, place) for name, entry in plain.items()}
    if isinstance(plain, (list, tuple, set, frozenset)):
        return [to_json(entry, place) for entry in plain]
    if isinstance(plain, float) and not math.isfinite(plain):
        return None
    return _check_atom(plain, place)


def _check_atom(value: Any, place: str) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if abs(value) > largest_integer:
            raise Fault("shape", f"It returned the integer {value} as {place}; beyond 2^53 - 1 write it as text.")
        return int(value)
    if isinstance(value, float):
        return float(value)
    raise Fault("shape", f"It returned {_name(value)} as {place}, which JSON cannot say.")


def _check_name(name: Any, place: str) -> str:
    if isinstance(name, (str, int, float, bool)):
        return str(name)
    raise Fault("shape", f"It returned a mapping with the key {name!r} as {place}; keys are text.")


def _to_plain(value: Any) -> Any:
    """Numbers and arrays of numerical packages as Python's own."""
    if value is None or isinstance(value, (bool, int, float, str, list, tuple, Mapping)):
        return value
    for name in ("item", "tolist"):
        convert = getattr(value, name, None)
        if callable(convert) and hasattr(value, "dtype"):
            try:
                return convert()
            except (TypeError, ValueError):
                continue
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    return value


def _name(value: Any) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
