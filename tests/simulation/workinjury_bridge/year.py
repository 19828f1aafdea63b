"""A year of work injuries in one town: every act of ``County``, drawn by weight, month by month.

Facts come late, doubled and out of order; claims is away or loses answers, the process dies; hospitals are paid or not, so that
conversions go between the funds or net; people die, third parties and employers pay or do not, decisions are revoked and changed.
Every month ends with what the offices do, and with every invariant; the year ends at rest, with 1121(X) in Y = 2202(Y) in X.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from tests.simulation.workinjury_bridge.test_random_histories import LAST, ONE_OFF, County
from workinjury_bridge.domain.benefits.appraisal import NursingGrade
from workinjury_bridge.domain.benefits.kinds import MONTHLY
from workinjury_bridge.domain.benefits.loss import Circumstance
from workinjury_bridge.domain.conversion import ConversionState
from workinjury_bridge.domain.out_of_area.remote_stay import Service
from workinjury_bridge.domain.policy import Circumstance as OutOfCatalogue
from workinjury_bridge.domain.split import Belonging

MONTHS = 9
"""April to December."""
_ACTS = {
    "settle": 30, "settle_directly": 4, "reverse": 3, "hear": 30, "decide": 6, "revoke": 3, "contest": 3, "review": 10,
    "case_facts": 5, "stay_facts": 6, "split": 6, "pursue": 12, "advance": 20, "hospitals_are_paid": 3,
    "medical_fund_is_frozen": 1, "audit": 8, "appraise": 6, "benefit": 3, "pension": 5, "change_pension": 3, "lose": 1,
    "after_loss": 2, "payment_comes_back": 2, "treated_elsewhere": 3, "elsewhere": 5, "all_elsewhere": 1, "pay_the_provinces": 1,
    "recur": 2, "uninsured_worker": 3, "employer_pays_back": 2, "advanced_stay": 4, "audit_of_an_advance": 6,
}  # fmt: skip
_INVARIANTS = (
    "every_conversion_fits_its_journals",
    "what_was_settled_directly_fits_its_journals",
    "debts_are_what_the_book_says",
    "nothing_is_advanced_without_approval",
    "one_active_payer_per_settlement",
    "nobody_is_paid_twice",
    "benefits_are_what_the_book_says",
)


class Town:
    """``cases`` injured persons; ``seed`` decides everything."""

    def __init__(self, seed: int, cases: int, *, trouble: float = 0.02) -> None:
        self._dice = random.Random(seed)
        self.county = County()
        self.county.persons = tuple(f"P{n}" for n in range(cases))
        self.county.begin(seed=seed, level=trouble)
        self.done: Counter[str] = Counter()

    def live(self, *, each_step: bool = False) -> Counter[str]:
        """The year. Raises AssertionError when an invariant does not hold. Returns what it came to."""
        for _ in range(MONTHS):
            for act in self._dice.choices(list(_ACTS), list(_ACTS.values()), k=2 * len(self.county.persons)):
                getattr(self.county, act)(**self._arguments(act))
                if each_step:
                    self.check()
            self._month_ends()
            self.check()
        self.county.come_to_rest()
        self.check()
        state = self.county.bridge.state
        for what, rows in (("conversions", state.conversions), ("journals", state.entries), ("transfers", state.transfers), ("payments", state.payments), ("debts", state.recoveries), ("deductions", state.deductions), ("losses", state.losses), ("benefits", state.items), ("monthly postings", state.postings), ("facts", self.county.facts)):  # fmt: skip
            self.done[what] = len(rows)
        self.done.update(f"conversions {c.state}" for c in state.conversions.values())
        self.county.loop.close()
        return self.done

    def check(self) -> None:
        """Every invariant."""
        for name in _INVARIANTS:
            getattr(self.county, name)()

    def _month_ends(self) -> None:
        county = self.county
        facts = [*county.facts, *county.facts[-20:]]
        self._dice.shuffle(facts)
        for fact in facts:
            county.run(county.bridge.hear(fact))
        county.run(county.bridge.go_on())
        for case_id in sorted(
            {c.case_id for c in county.bridge.state.conversions.values() if c.state is ConversionState.PROPOSED}
        ):
            county.advanced(case_id)
        review = county.bridge.review
        for conversion in list(county.bridge.state.conversions.values()):
            if conversion.state in (ConversionState.PROPOSED, ConversionState.CHECKED):
                county.maybe(partial(review.check, conversion_id=conversion.conversion_id, actor="a", note=None))
                county.maybe(partial(review.approve, conversion_id=conversion.conversion_id, actor="b", note=None))
        county.run(county.bridge.go_on())
        if county.bridge.clock.today() + timedelta(days=30) < LAST:
            county.bridge.clock.advance(timedelta(days=30))
        county.run(county.bridge.benefits.pay_pensions())

    def _arguments(self, act: str) -> dict[str, Any]:
        dice = self._dice

        def pick() -> int:
            return dice.randrange(10**6)

        def some(values: Iterable[Any]) -> Any:
            return dice.choice(list(values))

        person = some(self.county.persons)
        match act:
            case "settle":
                lines = [(pick() * 10, dice.random() < 0.9, some([None, True, False])) for _ in range(dice.randint(1, 4))]
                return {"person": person, "day": dice.randint(0, 60), "days": dice.randint(0, 20), "inpatient": dice.random() < 0.8, "amounts": lines, "weights": [dice.randint(0, 9) for _ in range(5)], "heard": dice.random() < 0.7}  # fmt: skip
            case "settle_directly":
                return {"person": person, "day": dice.randint(0, 60), "amount": 1 + pick(), "heard": dice.random() < 0.7}
            case "reverse":
                return {"pick": pick(), "heard": dice.random() < 0.5}
            case "decide":
                return {"pick": pick(), "granted": dice.random() < 0.8, "version": some([None, None, None, 2, 3])}
            case "contest":
                return {"pick": pick(), "upheld": dice.random() < 0.5}
            case "review":
                return {"pick": pick(), "act": some(["check", "approve", "approve", "send_back"]), "actor": some("ab")}
            case "case_facts":
                situation = some(["ordinary", "late", "uninsured", "third-party", "both"])
                return {"pick": pick(), "situation": situation, "filed": dice.randint(20, 60)}
            case "stay_facts":
                return {
                    "pick": pick(),
                    "payer": some(["P", "E", "HEIRS"]),
                    "prepaid": pick(),
                    "circumstance": some(OutOfCatalogue),
                }
            case "split":
                belongs = [some(Belonging) for _ in range(dice.randint(1, 4))]
                return {"pick": pick(), "act": some(["propose", "propose", "agree", "agree", "dispute", "decide"]), "belongs": belongs, "part": dice.randint(0, 7)}  # fmt: skip
            case "pursue":
                what = some(["demand", "receive", "receive", "agree", "enforce", "write_off", "liable", "move"])
                return {"pick": pick(), "act": what, "part": dice.randint(1, 4), "q": some([1_000_000, 700_000, 500_000, 0])}
            case "advance":
                return {"pick": pick(), "steps": dice.randint(1, 30)}
            case "hospitals_are_paid":
                return {"cleared": dice.random() < 0.5}
            case "medical_fund_is_frozen":
                return {"refusals": dice.randint(0, 2)}
            case "audit":
                return {"pick": pick(), "act": some(["deduct", "deduct", "hear", "confirm", "withdraw"]), "line": some("012"), "amount": 1 + pick(), "day": some([None, 20, 40])}  # fmt: skip
            case "uninsured_worker":
                return {"pick": pick(), "grade": dice.randint(1, 10), "kind": some(ONE_OFF)}
            case "employer_pays_back":
                return {"pick": pick(), "ago": dice.randint(0, 120)}
            case "advanced_stay":
                return {"pick": pick(), "situation": some(["uninsured", "third-party"]), "amount": 1 + pick()}
            case "audit_of_an_advance":
                return {"pick": pick(), "act": some(["cut", "cut", "cut", "withdraw"]), "part": dice.randint(1, 4), "line": some("01")}  # fmt: skip
            case "appraise":
                return {"pick": pick(), "wage": dice.randint(3, 30), "grade": some([None, *range(1, 11), 1, 2, 3, 4]), "nursing": some([None, *NursingGrade])}  # fmt: skip
            case "benefit":
                return {"pick": pick(), "kind": some(ONE_OFF), "approve": dice.random() < 0.9}
            case "pension":
                return {"pick": pick(), "kind": some(sorted(MONTHLY)), "kin": dice.randrange(3), "approve": dice.random() < 0.9}  # fmt: skip
            case "change_pension":
                return {"pick": pick(), "act": some(["suspend", "resume", "stop", "certify"])}
            case "lose":
                return {
                    "pick": pick(),
                    "how": some(Circumstance),
                    "ago": dice.randint(0, 90),
                    "kin": some([None, None, 0, 1, 2]),
                }
            case "after_loss":
                return {"pick": pick(), "back": dice.random() < 0.3}
            case "payment_comes_back":
                return {"pick": pick(), "again": dice.random() < 0.5}
            case "treated_elsewhere":
                return {"pick": pick(), "amount": 1 + pick(), "service": some(Service)}
            case "elsewhere":
                return {"pick": pick(), "act": some(["receive", "receive", "object", "adjust", "audit", "audit", "cancel"])}
            case "all_elsewhere":
                return {"act": some(["receive", "audit", "audit"])}
            case "pay_the_provinces":
                return {}
            case "recur":
                return {"pick": pick(), "confirmed": dice.random() < 0.8, "day": dice.randint(0, 60)}
            case _:
                return {"pick": pick()}
