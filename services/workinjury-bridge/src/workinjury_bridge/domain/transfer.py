"""A transfer of money between two fund books in two phases, one voucher number in both (reference B0.5, B0.6, B13).

Reserve on both sides; when both have, this side posts (the point of no return) and the other follows until it has. When
the other side refuses to reserve, both are voided and a new transfer with a new voucher number takes its place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from shared.ledger import Book
from workinjury_bridge.domain.refusals import out_of_turn


class Direction(StrEnum):
    """Which way the money goes, seen from the work-injury fund."""

    OUT = "out"
    """To the medical fund: conversion."""
    BACK = "back"
    """From the medical fund: final revocation."""


class TransferState(StrEnum):
    """B0.6 INSTRUCTED, DEBITED (here COMMITTED, since money also comes in), CONFIRMED, RETURNED (here VOIDED)."""

    INSTRUCTED = "instructed"
    """Reserved here."""
    RESERVED = "reserved"
    """Reserved on both sides."""
    COMMITTED = "committed"
    """Posted here; the other side must follow."""
    CONFIRMED = "confirmed"
    VOIDING = "voiding"
    """Called off here; the other side is being told."""
    VOIDED = "voided"


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoPhase:
    """An amount that moves under one voucher number between the work-injury book and one medical book."""

    transfer_id: str
    voucher_no: str
    book: Book
    """The medical book."""
    direction: Direction
    amount_fen: int
    state: TransferState = TransferState.INSTRUCTED
    cause: str | None = None

    @property
    def from_book(self) -> Book:
        """Whose money goes."""
        return Book.WI if self.direction is Direction.OUT else self.book

    @property
    def to_book(self) -> Book:
        """Whose money comes."""
        return self.book if self.direction is Direction.OUT else Book.WI

    @property
    def open(self) -> bool:
        """Whether a step is left."""
        return self.state not in (TransferState.CONFIRMED, TransferState.VOIDED)

    def reserved(self) -> Self:
        """The other side has reserved too."""
        return self._move("reserve", TransferState.INSTRUCTED, TransferState.RESERVED)

    def committed(self) -> Self:
        """Posted here."""
        return self._move("commit", TransferState.RESERVED, TransferState.COMMITTED)

    def confirmed(self) -> Self:
        """Posted there."""
        return self._move("confirm", TransferState.COMMITTED, TransferState.CONFIRMED)

    def voiding(self, cause: str) -> Self:
        """The other side refused to reserve."""
        return replace(self._move("void", TransferState.INSTRUCTED, TransferState.VOIDING), cause=cause)

    def voided(self) -> Self:
        """Neither side holds anything any more."""
        return replace(self._move("end", TransferState.VOIDING, TransferState.VOIDED), cause=self.cause)

    def _move(self, wanted: str, source: TransferState, target: TransferState) -> Self:
        if self.state is not source:
            raise out_of_turn("transfer", wanted, self.state, "调拨状态不允许此操作")
        return replace(self, state=target, cause=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(TwoPhase):
    """The money of one conversion for one book, moved at once."""

    conversion_id: str
