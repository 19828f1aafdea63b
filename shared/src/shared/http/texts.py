"""Request bodies that are a text: the text itself, or JSON with the text in a field and more beside it."""

from __future__ import annotations

from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from shared.errors import invalid

M = TypeVar("M", bound=BaseModel)


async def text_body(request: Request, kind: type[M], *, max_bytes: int) -> M:
    """The body as a ``kind``, whose field ``text`` is the whole of a body that is no JSON. Refuses what is too long, no UTF-8,
    or not as the model says."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > max_bytes:
            raise invalid("request.text-too-long", f"内容超过{max_bytes // 1024}KB上限", "the body is too long", field="text")
    try:
        if "json" in request.headers.get("content-type", ""):
            return kind.model_validate_json(bytes(raw))
        return kind.model_validate({"text": raw.decode()})
    except UnicodeDecodeError:
        raise invalid("request.text-no-utf-8", "内容须为UTF-8文本", "the body is no UTF-8", field="text") from None
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_context=False)) from None


def text_body_document(kind: type[BaseModel], media_type: str) -> dict[str, Any]:
    """The ``openapi_extra`` of a route that takes such a body."""
    content = {"application/json": {"schema": kind.model_json_schema()}, media_type: {"schema": {"type": "string"}}}
    return {"requestBody": {"required": True, "content": content}}
