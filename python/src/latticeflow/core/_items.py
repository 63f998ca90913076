"""Items of a conversation: messages with their parts, function calls and their outputs."""

import enum
from typing import Any, Dict, List, Mapping, Optional, Type, Union

from latticeflow.core._structure import Field, Structure, list_of

SYNTHETIC_MESSAGE_ID = ""
SYNTHETIC_MESSAGE_STATUS = "completed"


class MessageRole(str, enum.Enum):
    user = "user"
    assistant = "assistant"
    system = "system"
    developer = "developer"


class MessageStatus(str, enum.Enum):
    in_progress = "in_progress"
    completed = "completed"
    incomplete = "incomplete"


class FunctionCallStatus(str, enum.Enum):
    in_progress = "in_progress"
    completed = "completed"
    incomplete = "incomplete"


class FunctionCallOutputStatusEnum(str, enum.Enum):
    in_progress = "in_progress"
    completed = "completed"
    incomplete = "incomplete"


class Part(Structure):
    """A part of a message's content; extras are kept."""

    KEEPS_EXTRAS = True
    FIELDS = {"type": Field()}


class UrlCitationBody(Structure):
    KEEPS_EXTRAS = True
    FIELDS = {
        "type": Field("url_citation"),
        "url": Field(""),
        "title": Field(""),
        "start_index": Field(0),
        "end_index": Field(0),
    }


class TextCitationBody(Structure):
    KEEPS_EXTRAS = True
    FIELDS = {"type": Field("text_citation"), "text": Field(""), "start_index": Field(0), "end_index": Field(0)}


class TopLogProb(Structure):
    KEEPS_EXTRAS = True
    FIELDS = {"token": Field(), "logprob": Field(), "bytes": Field(None)}


class LogProb(Structure):
    KEEPS_EXTRAS = True
    FIELDS = {
        "token": Field(),
        "logprob": Field(),
        "bytes": Field(None),
        "top_logprobs": Field(factory=list, read=list_of(TopLogProb.model_validate)),
    }


def _make_typed(name: str, fields: Dict[str, Field]) -> Dict[str, Field]:
    return {"type": Field(name), **fields}


class InputTextContent(Part):
    FIELDS = _make_typed("input_text", {"text": Field()})


class OutputTextContent(Part):
    FIELDS = _make_typed(
        "output_text",
        {
            "text": Field(),
            "annotations": Field(factory=list),
            "logprobs": Field(factory=list, read=list_of(LogProb.model_validate)),
        },
    )


class ReasoningTextContent(Part):
    FIELDS = _make_typed("reasoning_text", {"text": Field()})


class SummaryTextContent(Part):
    FIELDS = _make_typed("summary_text", {"text": Field()})


class RefusalContent(Part):
    FIELDS = _make_typed("refusal", {"refusal": Field()})


class InputImageContent(Part):
    FIELDS = _make_typed("input_image", {"image_url": Field(None), "detail": Field("auto")})


class InputFileContent(Part):
    FIELDS = _make_typed("input_file", {"filename": Field(None), "file_url": Field(None), "file_data": Field(None)})


class InputVideoContent(Part):
    FIELDS = _make_typed("input_video", {"video_url": Field(None)})


_parts: Dict[str, Type[Part]] = {
    "input_text": InputTextContent,
    "output_text": OutputTextContent,
    "reasoning_text": ReasoningTextContent,
    "summary_text": SummaryTextContent,
    "refusal": RefusalContent,
    "input_image": InputImageContent,
    "input_file": InputFileContent,
    "input_video": InputVideoContent,
}


def read_part(value: Any) -> Part:
    if isinstance(value, Part):
        return value
    if not isinstance(value, Mapping):
        raise TypeError(f"a part of a message is a mapping, not {type(value).__name__}")
    return _parts.get(str(value.get("type")), Part).model_validate(value)


def get_text(content: Any) -> str:
    """Text as it is; of parts their text or refusal, joined by line feeds, other parts skipped."""
    if isinstance(content, str):
        return content
    if not isinstance(content, (list, tuple)):
        return ""
    texts: List[Any] = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
            continue
        read = part.get if isinstance(part, Mapping) else lambda name, part=part: getattr(part, name, None)
        texts.append(read("text") if read("text") is not None else read("refusal"))
    return "\n".join(text for text in texts if isinstance(text, str))


class TraceItem(Structure):
    """An item of a type that has no class of its own, such as reasoning; extras are kept."""

    KEEPS_EXTRAS = True
    FIELDS = {"type": Field()}


class Message(TraceItem):
    """A message; its content is a list of parts, also where it was given as text."""

    FIELDS = {
        "type": Field("message"),
        "id": Field(SYNTHETIC_MESSAGE_ID),
        "status": Field(SYNTHETIC_MESSAGE_STATUS),
        "role": Field(),
        "content": Field(),
    }

    def __init__(self, **values: Any) -> None:
        for name in ("id", "status"):
            values.setdefault(name, self._fields[name].default)
        if "role" not in values and not self._fields["role"].is_required:
            values["role"] = self._fields["role"].default
        super().__init__(**values)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "content":
            value = self._read_content(value)
        super().__setattr__(name, value)

    def _read_content(self, content: Any) -> Any:
        if not isinstance(content, str):
            return list_of(read_part)(content)
        is_answer = self.__dict__.get("role", getattr(self, "role", None)) == "assistant"
        return [OutputTextContent(text=content, annotations=[]) if is_answer else InputTextContent(text=content)]

    @property
    def text(self) -> str:
        return get_text(self.content)


class UserMessage(Message):
    FIELDS = {"role": Field("user")}


class AssistantMessage(Message):
    FIELDS = {"role": Field("assistant")}


class SystemMessage(Message):
    FIELDS = {"role": Field("system")}


class FunctionCall(TraceItem):
    FIELDS = {
        "type": Field("function_call"),
        "id": Field(""),
        "call_id": Field(),
        "name": Field(),
        "arguments": Field("{}"),
        "status": Field("completed"),
    }


class FunctionCallOutput(TraceItem):
    FIELDS = {
        "type": Field("function_call_output"),
        "id": Field(""),
        "call_id": Field(),
        "output": Field(),
        "status": Field("completed"),
    }


_messages: Dict[str, Type[Message]] = {"user": UserMessage, "assistant": AssistantMessage, "system": SystemMessage}


def read_item(value: Union[TraceItem, Mapping[str, Any]]) -> TraceItem:
    """An item as its type says; a message may leave its type out."""
    if isinstance(value, TraceItem):
        return value
    if not isinstance(value, Mapping):
        raise TypeError(f"an item of a conversation is a mapping, not {type(value).__name__}")
    kind: Optional[Any] = value.get("type", "message" if "role" in value else None)
    if isinstance(kind, enum.Enum):
        kind = kind.value
    if kind == "message":
        # The role first: it says what parts a plain text becomes.
        ordered = {"role": value.get("role"), **value}
        return _messages.get(str(ordered["role"]), Message).model_validate(ordered)
    if kind == "function_call":
        return FunctionCall.model_validate(value)
    if kind == "function_call_output":
        return FunctionCallOutput.model_validate(value)
    return TraceItem.model_validate(value)
