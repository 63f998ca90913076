"""The model as a solver sees it: its queries go back to Stet, which paces, retries and records them."""

from typing import Any, Awaitable, Callable, Mapping, Optional

from latticeflow.core._items import read_item
from latticeflow.core._structure import dump, list_of
from latticeflow.core.dtypes import ModelResponse
from stet_host.shapes import to_json


class SolverModel:
    def __init__(self, ask: Callable[[Any], Awaitable[Any]]) -> None:
        self._ask = ask

    async def predict(self, items: Any, sample: Optional[Mapping[str, Any]] = None) -> ModelResponse:
        """
        The model's answer to a conversation; a trace stands for its items.

        Raises `ModelError` when there is none: after all retries, or at once where the service refuses.
        """
        conversation = list_of(read_item)(getattr(items, "items", items))
        request = {"items": to_json(dump(conversation), "the items of a query")}
        return ModelResponse.model_validate(await self._ask(request))
