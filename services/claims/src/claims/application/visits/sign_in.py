"""9001: an operator signs in, once a day or more often."""

from __future__ import annotations

from collections.abc import Callable

from claims.application.his_messages import AnswerOnce, Effect
from claims.application.registry.ports import SignIns
from claims.application.visits.answers import SignedIn
from claims.application.visits.commands import SignIn
from claims.domain.institution import Institution
from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Tx


class SignInOperator:
    """A second sign-in of an operator on a day answers the same sign_no."""

    def __init__(self, answers: AnswerOnce, sign_ins: SignIns, clock: Clock, ids: IdFactory) -> None:
        self._answers = answers
        self._sign_ins = sign_ins
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: SignIn, institution: Institution, render: Callable[[SignedIn], bytes]) -> bytes:
        """Sign in."""

        async def work(tx: Tx) -> Effect:
            today = self._clock.today()
            sign_no = await self._sign_ins.sign_in(
                tx,
                sign_no=self._ids.new(),
                institution_code=institution.code,
                operator_no=command.operator_no,
                on=today,
            )
            return Effect(answer=render(SignedIn(sign_no=sign_no, signed_on=today)))

        return await self._answers.run(command.header, institution, work)
