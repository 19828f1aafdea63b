"""Commands to the owning services, made from the catalogue's templates and a matter's references."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.domain.catalogue import Command
from gateway.domain.matter import Matter, Task
from shared.errors import conflict, not_found

_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One command as it goes out."""

    path: str
    body: dict[str, Any]


def compose(command: Command, matter: Matter, task: Task, values: Mapping[str, Any], actor: str) -> Call:
    """The call for a command.

    Refusal CONFLICT while the matter lacks a reference that the path names (the step before has not been answered yet),
    NOT_FOUND for a part that the task does not have.
    """
    references = dict(matter.references)
    if command.part:
        part_id = str(values.get(command.part, ""))
        if part_id not in task.parts:
            raise not_found(
                "gateway.matter.part-unknown", f"环节“{task.rule.name}”没有这一笔，或其消息尚未到达", field=command.part
            )
        references[command.part] = part_id
    body = {name: values[name] for name in command.fields if values.get(name) not in (None, "")}
    body |= {name: _reference(references, name) for name in command.attach}
    if command.actor:
        body[command.actor] = actor
    path = re.sub(r"\{(\w+)\}", lambda found: _reference(references, found.group(1)), command.path)
    return Call(path=path, body=body)


def _reference(references: Mapping[str, str], name: str) -> str:
    value = references.get(name, "")
    if not _ID.fullmatch(value):
        raise conflict("gateway.matter.reference-missing", "前一环节尚未完成，请稍后再试", f"no {name} yet", field=name)
    return value
