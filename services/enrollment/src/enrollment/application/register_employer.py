"""Register an employer by its unified social credit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from enrollment.application.ports import Employers
from enrollment.domain.employer import Employer, credit_code
from enrollment.domain.identity import division_code
from shared.auth import Principal
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEmployerCommand:
    """An employer as somebody wrote it down."""

    credit_code: str
    name: str
    region: str
    industry_class: int | None = None


class RegisterEmployer:
    """The use case. Scope ``persons:write`` in the employer's region."""

    def __init__(self, once: Once, employers: Employers, ids: IdFactory) -> None:
        self._once = once
        self._employers = employers
        self._ids = ids

    async def __call__(self, caller: Principal, command: RegisterEmployerCommand, key: OnceKey) -> dict[str, Any]:
        """``employer_id`` and whether it is new; the same code is the same employer. Refuses what ``credit_code`` refuses."""
        caller.require("persons:write", division_code(command.region))
        employer = Employer(
            employer_id=self._ids.new(),
            credit_code=credit_code(command.credit_code),
            name=command.name.strip(),
            region=command.region,
            industry_class=command.industry_class,
        )

        async def work(tx: Tx) -> dict[str, Any]:
            if await self._employers.add(tx, employer):
                return {"employer_id": employer.employer_id, "created": True}
            known = (await self._employers.by_code(tx, [employer.credit_code]))[employer.credit_code]
            return {"employer_id": known.employer_id, "created": False}

        return (await self._once.run(key, work))[0]
