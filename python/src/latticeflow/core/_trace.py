"""Traces and what is read from them; what a solver makes and a scorer gets."""

import json
from typing import Any, ClassVar, List, Mapping, Optional, Sequence, Tuple, Union

from latticeflow.core._items import (
    AssistantMessage,
    FunctionCall,
    FunctionCallOutput,
    Message,
    SystemMessage,
    TraceItem,
    UserMessage,
    get_text,
    read_item,
)
from latticeflow.core._model_io import ChatCompletionModelOutput, read_chat_output
from latticeflow.core._structure import Field, Structure, Subscriptable, dump, list_of

Items = List[TraceItem]


class TraceMetadata(Structure):
    KEEPS_EXTRAS = True
    FIELDS = {
        "trace_id": Field(None),
        "source_type": Field(None),
        "source_uri": Field(None),
        "agent": Field(None),
        "model": Field(None),
        "tags": Field(factory=list),
        "created_at": Field(None),
        "total_time": Field(None),
        "total_tokens": Field(None),
        "message_count": Field(None),
        "error": Field(None),
        "extra": Field(factory=dict),
    }


class TraceEvent(Structure):
    """Something that happened beside the conversation."""

    KEEPS_EXTRAS = True
    FIELDS = {
        "type": Field(),
        "id": Field(None),
        "span_id": Field(None),
        "timestamp": Field(None),
        "metadata": Field(None),
    }


class Turn(Structure):
    """A user message and what followed it, up to the next one."""

    FIELDS = {
        "user_message": Field(read=read_item),
        "assistant_items": Field(factory=list, read=list_of(read_item)),
    }

    @property
    def assistant_messages(self) -> Items:
        return [item for item in self.assistant_items if _is_message(item, "assistant")]

    @property
    def function_calls(self) -> Items:
        return _pick(self.assistant_items, "function_call")

    @property
    def function_outputs(self) -> Items:
        return _pick(self.assistant_items, "function_call_output")

    @property
    def function_call_pairs(self) -> List[Tuple[TraceItem, Optional[TraceItem]]]:
        return _pair(self.function_calls, self.assistant_items)


class Trace(Structure):
    """A conversation as it is recorded."""

    FIELDS = {
        "FORMAT": Field("open_responses"),
        "items": Field(factory=list, read=list_of(read_item)),
        "metadata": Field(None, read=lambda value: TraceMetadata.model_validate(value)),
        "events": Field(factory=list, read=list_of(lambda value: TraceEvent.model_validate(value))),
        "span_id": Field(None),
        "span_name": Field(None),
        "span_type": Field(None),
    }

    FORMAT: ClassVar[str]

    @classmethod
    def from_items(cls, items: Sequence[Any]) -> "Trace":
        return cls(FORMAT="open_responses", items=list(items))

    @classmethod
    def from_events(cls, events: Sequence[Any], span_id: Optional[str] = None) -> "Trace":
        """The messages and calls that events carry, with the events beside them."""
        read = [TraceEvent.model_validate(event) for event in events]
        kept = [event for event in read if span_id is None or event.span_id == span_id]
        items: List[Any] = []
        for event in kept:
            carried = getattr(event, "item", None) or getattr(event, "message", None)
            if carried is not None:
                items.append(carried)
        return cls(FORMAT="open_responses", items=items, events=kept, span_id=span_id)

    @property
    def preamble(self) -> Items:
        return self.items[: self._find_start()]

    @property
    def conversation_items(self) -> Items:
        return self.items[self._find_start() :]

    @property
    def system_messages(self) -> Items:
        return [item for item in self.items if _is_message(item, "system")]

    @property
    def user_messages(self) -> Items:
        return [item for item in self.conversation_items if _is_message(item, "user")]

    @property
    def assistant_messages(self) -> Items:
        return [item for item in self.conversation_items if _is_message(item, "assistant")]

    @property
    def function_calls(self) -> Items:
        return _pick(self.conversation_items, "function_call")

    @property
    def function_outputs(self) -> Items:
        return _pick(self.conversation_items, "function_call_output")

    @property
    def turns(self) -> List[Turn]:
        turns: List[Turn] = []
        for item in self.conversation_items:
            if _is_message(item, "user"):
                turns.append(Turn(user_message=item, assistant_items=[]))
            else:
                turns[-1].assistant_items.append(item)
        return turns

    def get_last_assistant_text(self) -> Optional[str]:
        return _get_text_of_last([item for item in self.items if _is_message(item, "assistant")])

    def get_last_user_text(self) -> Optional[str]:
        return _get_text_of_last([item for item in self.items if _is_message(item, "user")])

    def get_first_system_prompt(self) -> Optional[str]:
        return _get_text_of_last(self.system_messages[:1])

    def get_function_calls_by_name(self, name: str) -> Items:
        return [call for call in self.function_calls if call.name == name]

    def get_function_output_for_call(self, call_id: str) -> Optional[TraceItem]:
        return _find_output(self.items, call_id)

    def get_function_call_pairs(self) -> List[Tuple[TraceItem, Optional[TraceItem]]]:
        return _pair(self.function_calls, self.conversation_items)

    def get_function_call_arguments(self, call: Any) -> Any:
        written = call["arguments"] if isinstance(call, Mapping) else call.arguments
        return json.loads(written)

    def get_function_output_text(self, output: Any) -> str:
        return get_text(output["output"] if isinstance(output, Mapping) else output.output)

    def spans(self) -> List[Any]:
        """None: spans come with events, which solvers do not record yet."""
        return []

    def _find_start(self) -> int:
        """Where the conversation begins: at the first user message; without one everything is preamble."""
        for index, item in enumerate(self.items):
            if _is_message(item, "user"):
                return index
        return len(self.items)


class SolverTrace(Structure):
    """What a solver has come to so far: the conversation, and each model's answer as received."""

    FIELDS = {
        "trace": Field(factory=lambda: Trace.from_items([]), read=lambda value: Trace.model_validate(value)),
        "raw_outputs": Field(factory=list),
        "direct_ios": Field(factory=list),
    }

    @property
    def items(self) -> Items:
        return self.trace.items

    @property
    def messages(self) -> List["ChatMessage"]:
        """The conversation in chat form; items of tools are left out."""
        return [
            ChatMessage(role=_plain(item.role), content=get_text(item.content))
            for item in self.trace.items
            if isinstance(item, Message)
        ]

    @property
    def output(self) -> Optional[ChatCompletionModelOutput]:
        """The last answer in chat form; None for one that has no such form."""
        return read_chat_output(self.raw_outputs[-1]) if self.raw_outputs else None

    def append(self, item: Any) -> None:
        self.trace.items = [*self.trace.items, item]

    def extend(self, items: Sequence[Any]) -> None:
        self.trace.items = [*self.trace.items, *items]

    def append_user_message(self, text: str) -> None:
        self.append(UserMessage(role="user", content=text))

    def append_system_message(self, text: str) -> None:
        self.append(SystemMessage(role="system", content=text))

    def append_custom_task_input_message(self, content: Any) -> None:
        """Records the input of a model that does not take messages, as a user message."""
        self.append_user_message(content if isinstance(content, str) else json.dumps(dump(content)))

    def add_model_response(self, response: "ModelResponse") -> None:
        self.extend(response.items)
        self.raw_outputs = [*self.raw_outputs, response.raw_output]


class ChatMessage(Structure, Subscriptable):
    FIELDS = {"role": Field(), "content": Field()}


class SolverOutput(SolverTrace):
    """What scorers get."""


class SingleSolverOutput(SolverOutput):
    """A solver output in chat form, as older snippets made it."""

    @classmethod
    def from_input_and_output(cls, model_input: Any, model_output: Any) -> "SingleSolverOutput":
        given = dump(model_input)
        messages = given.get("messages", []) if isinstance(given, Mapping) else []
        items: List[Any] = [
            {"type": "message", "role": message["role"], "content": message["content"]} for message in messages
        ]
        output = dump(model_output)
        chat = read_chat_output(output)
        if chat is not None and chat.choices:
            text = chat.choices[0].message.content
            items.append(AssistantMessage(role="assistant", content=text if isinstance(text, str) else ""))
        return cls(trace=Trace.from_items(items), raw_outputs=[output])


class GroupedSolverTrace(Structure):
    """Several solver outputs of one sample, in the shape of its inputs."""

    FIELDS = {"solver_outputs": Field()}


class GroupedSolverOutput(GroupedSolverTrace):
    """What scorers get of a grouped solver."""


class ModelResponse(Structure):
    """An answer: as received, and as the items that it adds to a conversation."""

    FIELDS = {"raw_output": Field(), "items": Field(factory=list, read=list_of(read_item))}

    @property
    def text(self) -> str:
        text = _get_text_of_last([item for item in self.items if _is_message(item, "assistant")])
        if text is None:
            raise ValueError("The answer has no assistant message.")
        return text


def _is_message(item: TraceItem, role: str) -> bool:
    return isinstance(item, Message) and item.role == role


def _pick(items: Sequence[TraceItem], kind: str) -> Items:
    return [item for item in items if item.type == kind]


def _find_output(items: Sequence[TraceItem], call_id: str) -> Optional[TraceItem]:
    for item in items:
        if isinstance(item, FunctionCallOutput) and item.call_id == call_id:
            return item
    return None


def _pair(calls: Sequence[TraceItem], items: Sequence[TraceItem]) -> List[Tuple[TraceItem, Optional[TraceItem]]]:
    return [(call, _find_output(items, call.call_id)) for call in calls if isinstance(call, FunctionCall)]


def _get_text_of_last(messages: Sequence[TraceItem]) -> Optional[str]:
    return get_text(messages[-1].content) if messages else None


def _plain(role: Union[str, Any]) -> str:
    return getattr(role, "value", role)
