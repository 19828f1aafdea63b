"""Committed offsets: an append-only file of JSON lines, rewritten when most of its lines are outdated."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

_SPARE_LINES = 10_000


class Committed(NamedTuple):
    """How far a group has read a partition: the offset of the next record to read, and the member's note."""

    offset: int
    note: str


class OffsetStore:
    """The offsets that consumer groups have committed. A commit is in the operating system's hands when `commit` returns."""

    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / "offsets.jsonl"
        self._groups: dict[str, dict[tuple[str, int], Committed]] = {}
        if self._file.exists():
            for line in self._file.read_text().splitlines():
                try:
                    group, topic, partition, offset, note = json.loads(line)
                except ValueError:
                    break  # the last line of a broker that was killed while writing it: never acknowledged
                self._groups.setdefault(group, {})[topic, partition] = Committed(offset, note)
        self._lines = 0
        self._fd = -1
        self._rewrite()

    def groups(self) -> list[str]:
        """Every group that has committed anything."""
        return list(self._groups)

    def of(self, group: str) -> dict[tuple[str, int], Committed]:
        """What ``group`` has committed, by (topic, partition)."""
        return self._groups.get(group, {})

    def commit(self, group: str, offsets: dict[tuple[str, int], Committed]) -> None:
        """Store ``offsets`` of ``group``, all or (after a kill) a beginning of them."""
        self._append({group: offsets})
        self._groups.setdefault(group, {}).update(offsets)
        if self._lines > _SPARE_LINES + 4 * sum(map(len, self._groups.values())):
            self._rewrite()

    def forget_topic(self, topic: str) -> None:
        """Drop every group's offsets of a deleted topic, so that a new topic of that name is read from its start."""
        for offsets in self._groups.values():
            for place in [place for place in offsets if place[0] == topic]:
                del offsets[place]
        self._rewrite()

    def _append(self, groups: dict[str, dict[tuple[str, int], Committed]]) -> None:
        lines = [
            json.dumps([group, *place, *committed]) + "\n"
            for group, offsets in groups.items()
            for place, committed in offsets.items()
        ]
        os.write(self._fd, "".join(lines).encode())
        self._lines += len(lines)

    def _rewrite(self) -> None:
        """Write what is valid to a new file and put it in the old one's place in one step."""
        draft = self._file.with_suffix(".draft")
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
        self._lines = 0
        self._append(self._groups)
        draft.rename(self._file)
