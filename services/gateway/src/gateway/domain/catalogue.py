"""The catalogue of matters (事项目录): what a citizen may apply for, what it needs, who does it and how fast.

The content is dated data (``gateway/policy/matters.yaml``); this module gives it shape and refuses a catalogue that
contradicts itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from shared.calendar import Limit, Unit
from shared.rules import Origin, in_force, in_order


class Signal(StrEnum):
    """What brings a task its result."""

    ACCEPTANCE = "acceptance"
    """Done by accepting the matter."""
    COMMAND = "command"
    """Done when the owner has answered the start command."""
    COVERAGE_ACTIVATED = "coverage-activated"
    RECOGNITION_DECIDED = "recognition-decided"
    MEALS_PAID = "meals-paid"
    CONVERSION_CHANGED = "conversion-changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedLimit:
    """A limit that the law or the bureau sets; ``source`` names the article or the promise."""

    days: int
    unit: Literal["working_days", "calendar_days"]
    source: str

    @property
    def limit(self) -> Limit:
        """As the calendar counts it."""
        return Limit(self.days, Unit(self.unit))


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialRule:
    """A paper that a matter needs."""

    code: str
    name: str
    shared_from: str = ""
    """The system whose data replaces the paper (免提交); empty when the applicant brings it."""
    reusable_days: int = 0
    """For how many days one submission serves the person's other matters; 0: for this matter only."""
    deferrable_days: int = 0
    """Working days by which it may follow against a written promise (容缺受理); 0: it may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """One field of a form or of an action."""

    name: str
    label: str
    kind: Literal["text", "date", "fen", "number", "choice", "texts"] = "text"
    """``fen`` and ``number`` are integers, ``texts`` is a list of text."""
    required: bool = True
    choices: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command to the owning service: the path may name references of the matter in braces."""

    path: str
    fields: tuple[str, ...] = ()
    """Form or action fields that go into the body."""
    attach: tuple[str, ...] = ()
    """References of the matter (``matter_id``, ``person_id``, ...) that go into the body."""
    remember: tuple[str, ...] = ()
    """Fields of the answer that the matter keeps as references."""
    part: str = ""
    """The field that names one part of the task (a conversion); it may stand in the path."""
    actor: str = ""
    """Body member that carries the user who acts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRule:
    """What staff may do on a running task."""

    code: str
    name: str
    scope: str
    fields: tuple[FieldRule, ...] = ()
    command: Command | None = None
    """None: the window itself records the task as done, with a reason (``waive``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRule:
    """One step of a matter with an owner, limits and what it waits for."""

    code: str
    name: str
    owner: str
    legal: SourcedLimit
    promised: SourcedLimit
    result_from: Signal
    after: tuple[str, ...] = ()
    preparatory: bool = False
    """Its end is no result in the sense of the right to withdraw."""
    start: Command | None = None
    """Sent to the owner as soon as the task runs."""
    actions: tuple[ActionRule, ...] = ()

    def action(self, code: str) -> ActionRule | None:
        """The action of that code, None when the task has no such."""
        return next((action for action in self.actions if action.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterRule:
    """A matter, or a bundle (一件事) of several tasks, as it stands from ``effective_from`` on."""

    code: str
    number: str
    """Two capital letters and two digits: the head of every receipt number."""
    name: str
    kind: Literal["matter", "bundle"]
    effective_from: date
    owner: str
    source: str
    form: tuple[FieldRule, ...]
    materials: tuple[MaterialRule, ...]
    tasks: tuple[TaskRule, ...]
    origin: Origin
    effective_to: date | None = None

    def __post_init__(self) -> None:
        _require_unique(self.code, [task.code for task in self.tasks])
        _require_unique(self.code, [material.code for material in self.materials])
        _require_unique(self.code, [field.name for field in self.form])
        known = {task.code for task in self.tasks}
        for task in self.tasks:
            if unknown := set(task.after) - known:
                raise CatalogueError(f"{self.code}: task {task.code} waits for unknown {sorted(unknown)}")
        try:
            TopologicalSorter({task.code: task.after for task in self.tasks}).prepare()
        except CycleError as error:
            raise CatalogueError(f"{self.code}: tasks wait for each other: {error.args[1]}") from None

    def task(self, code: str) -> TaskRule:
        """The task of that code; KeyError when there is none."""
        for task in self.tasks:
            if task.code == code:
                return task
        raise KeyError(code)

    def in_order(self) -> list[TaskRule]:
        """Tasks so that each comes after those it waits for."""
        order = TopologicalSorter({task.code: task.after for task in self.tasks}).static_order()
        return [self.task(code) for code in order]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every version of every matter."""

    matters: tuple[MatterRule, ...]

    def __post_init__(self) -> None:
        for code in {rule.code for rule in self.matters}:
            in_order(self._versions(code))

    def on(self, day: date) -> list[MatterRule]:
        """The matters that can be applied for on ``day``, in the order of the file."""
        codes = dict.fromkeys(rule.code for rule in self.matters)
        return [rule for code in codes if (rule := self.find(code, day)) is not None]

    def find(self, code: str, day: date) -> MatterRule | None:
        """The version of a matter in force on ``day``."""
        return in_force(self._versions(code), day)

    def _versions(self, code: str) -> list[MatterRule]:
        return [rule for rule in self.matters if rule.code == code]


class CatalogueError(ValueError):
    """The catalogue contradicts itself; the message names the matter."""


def _require_unique(matter: str, codes: list[str]) -> None:
    if doubled := sorted({code for code in codes if codes.count(code) > 1}):
        raise CatalogueError(f"{matter}: used twice: {doubled}")
