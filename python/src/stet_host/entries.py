"""The functions that snippets may define: how each is called, and what its result becomes."""

import inspect
import json
from typing import Any, Awaitable, Callable, Dict, List, Mapping, NamedTuple, Sequence

from latticeflow.core.dtypes import SampleScore, SolverOutput, SolverTrace, Trace
from stet_host import shapes
from stet_host.faults import Fault
from stet_host.model import SolverModel
from stet_host.rows import Rows

Ask = Callable[[Any], Awaitable[Any]]


class Entry(NamedTuple):
    function: str
    signature: str
    """As people are told to write it."""
    parameters: Sequence[int]
    """How many it may take."""
    is_async: bool
    """Whether it must be `async def`."""
    arguments: Callable[[Any, Callable[..., Any], Ask], List[Any]]
    shape: Callable[[Any, Any], Any]


def _give_scorer(argument: Any, _: Callable[..., Any], __: Ask) -> List[Any]:
    given = [argument["sample"]]
    if "solver_output" in argument:
        given.append(SolverOutput.model_validate(argument["solver_output"]))
    return given


def _give_all_samples(argument: Any, function: Callable[..., Any], _: Ask) -> List[Any]:
    given: List[Any] = [Rows(argument["samples"], lambda row: row)]
    if argument.get("solver_outputs") is not None and _count_parameters(function) > 1:
        given.append(Rows(argument["solver_outputs"], SolverOutput.model_validate))
    return given


def _keep_all_scores(returned: Any, argument: Any) -> Any:
    if not isinstance(returned, (list, tuple)):
        raise Fault("shape", f"It returned {type(returned).__name__}; a list with one entry for each sample is wanted.")
    wanted = argument["count"]
    if len(returned) != wanted:
        raise Fault("shape", f"It returned {len(returned)} entries for {wanted} samples.")
    with open(argument["output"], "w", encoding="utf-8") as file:
        for entry in returned:
            file.write(json.dumps(shapes.shape_scores(entry)) + "\n")
    return {"count": wanted}


def _give_metric(argument: Any, _: Callable[..., Any], __: Ask) -> List[Any]:
    return [Rows(argument["scores"], SampleScore.model_validate)]


def _give_solver(argument: Any, _: Callable[..., Any], ask: Ask) -> List[Any]:
    trace = SolverTrace(trace=Trace.from_items([]), raw_outputs=[], direct_ios=[])
    return [argument["sample"], SolverModel(ask), trace]


def _give_postprocessor(argument: Any, _: Callable[..., Any], __: Ask) -> List[Any]:
    return [argument["sample"], SolverOutput.model_validate(argument["solver_output"])]


def _give_inference(argument: Any, function: Callable[..., Any], _: Ask) -> List[Any]:
    given = [argument["body"], argument["environment"]]
    return given + [argument.get("sample")] if _count_parameters(function) > 2 else given


entries: Dict[str, Entry] = {
    "scorer": Entry(
        "compute_scores",
        "compute_scores(sample, solver_output)",
        (2,),
        False,
        _give_scorer,
        lambda returned, _: shapes.shape_scores(returned),
    ),
    "dataset-scorer": Entry(
        "compute_scores",
        "compute_scores(sample)",
        (1,),
        False,
        _give_scorer,
        lambda returned, _: shapes.shape_scores(returned),
    ),
    "all-samples-scorer": Entry(
        "compute_scores",
        "compute_scores(samples) or compute_scores(samples, solver_outputs)",
        (1, 2),
        False,
        _give_all_samples,
        _keep_all_scores,
    ),
    "metric": Entry(
        "compute_metrics",
        "compute_metrics(scores)",
        (1,),
        False,
        _give_metric,
        lambda returned, _: shapes.shape_metrics(returned),
    ),
    "solver": Entry(
        "run_solver",
        "async def run_solver(sample, model, trace)",
        (3,),
        True,
        _give_solver,
        lambda returned, _: shapes.shape_trace(returned),
    ),
    "postprocessor": Entry(
        "postprocess",
        "postprocess(sample, solver_output)",
        (2,),
        False,
        _give_postprocessor,
        lambda returned, _: shapes.shape_pairs(returned),
    ),
    "synthesizer": Entry(
        "synthesize",
        "synthesize(source)",
        (1,),
        False,
        lambda argument, _, __: [argument["source"]],
        lambda returned, _: shapes.shape_rows(returned),
    ),
    "system-task": Entry(
        "compute_evidence",
        "compute_evidence()",
        (0,),
        False,
        lambda _, __, ___: [],
        lambda returned, _: shapes.shape_evidence(returned),
    ),
    "inference": Entry(
        "run_inference",
        "run_inference(body, environment) or run_inference(body, environment, sample)",
        (2, 3),
        False,
        _give_inference,
        lambda returned, _: shapes.shape_text(returned),
    ),
}

_older_names = {"model_input", "model_output"}


def check_function(entry: Entry, function: Callable[..., Any]) -> None:
    """Finds before anything is spent what could never be called."""
    if entry.is_async and not inspect.iscoroutinefunction(function):
        raise Fault("entry-missing", f"`{entry.function}` must be `async def`: `{entry.signature}`.")
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return
    older = [name for name in parameters if name in _older_names]
    if older:
        raise Fault("entry-missing", f"`{older[0]}` is an older parameter of it; now it is `{entry.signature}`.")
    for count in entry.parameters:
        try:
            inspect.signature(function).bind(*([None] * count))
            return
        except TypeError:
            continue
    raise Fault("entry-missing", f"`{entry.function}` takes other parameters; wanted is `{entry.signature}`.")


def _count_parameters(function: Callable[..., Any]) -> int:
    kinds: Mapping[str, inspect.Parameter] = inspect.signature(function).parameters
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in kinds.values()):
        return 99
    return sum(1 for parameter in kinds.values() if parameter.kind in positional)
