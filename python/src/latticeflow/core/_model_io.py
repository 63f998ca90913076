"""What models are asked and what they answer, in chat form and in items."""

from typing import Any, Mapping, Optional

from latticeflow.core._items import get_text, read_item
from latticeflow.core._structure import Field, Structure, Subscriptable, list_of


class ModelUsage(Structure, Subscriptable):
    KEEPS_EXTRAS = True
    FIELDS = {"num_prompt_tokens": Field(None), "num_completion_tokens": Field(None)}


class ChatCompletionInputMessage(Structure, Subscriptable):
    KEEPS_EXTRAS = True
    FIELDS = {"role": Field(), "content": Field()}


class ChatCompletionInput(Structure, Subscriptable):
    KEEPS_EXTRAS = True
    FIELDS = {
        "messages": Field(read=list_of(ChatCompletionInputMessage.model_validate)),
        "response_format": Field(None),
    }


class ChatCompletionOutputMessage(Structure, Subscriptable):
    KEEPS_EXTRAS = True
    FIELDS = {"role": Field("assistant"), "content": Field(None)}


class ChatCompletionModelOutputChoice(Structure, Subscriptable):
    KEEPS_EXTRAS = True
    FIELDS = {"message": Field(read=ChatCompletionOutputMessage.model_validate)}


class ChatCompletionModelOutput(Structure, Subscriptable):
    KEEPS_EXTRAS = True
    FIELDS = {
        "choices": Field(read=list_of(ChatCompletionModelOutputChoice.model_validate)),
        "usage": Field(None, read=ModelUsage.model_validate),
    }


class OpenResponsesModelOutput(Structure, Subscriptable):
    KEEPS_EXTRAS = True
    FIELDS = {"items": Field(read=list_of(read_item)), "usage": Field(None, read=ModelUsage.model_validate)}


def read_chat_output(output: Any) -> Optional[ChatCompletionModelOutput]:
    """An answer in chat form; None for embeddings and outputs of other forms, which have none."""
    if not isinstance(output, Mapping):
        return None
    if isinstance(output.get("choices"), list):
        return ChatCompletionModelOutput.model_validate(output)
    if not isinstance(output.get("items"), list):
        return None
    content = None
    for item in map(read_item, output["items"]):
        if item.type == "message" and getattr(item, "role", None) == "assistant":
            content = get_text(getattr(item, "content", None))
    choice = {"message": {"role": "assistant", "content": content}}
    return ChatCompletionModelOutput.model_validate({"choices": [choice], "usage": output.get("usage")})
