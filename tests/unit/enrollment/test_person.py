from datetime import date

import pytest

from enrollment.domain.coverage import Coverage, State
from enrollment.domain.employer import credit_code
from enrollment.domain.person import PersonFile
from shared.contracts.enrollment import IdentityClass, PersonStated
from shared.errors import Kind, Refusal


def cover(coverage_id: str, begins_on: date, state: State = State.ACTIVE) -> Coverage:
    return Coverage(
        coverage_id=coverage_id,
        person_id="P1",
        scheme="390",
        person_category="15",
        region="420502",
        begins_on=begins_on,
        ends_on=begins_on.replace(month=12, day=31),
        state=state,
    )


FILE = PersonFile(person_id="P1", version=3, sealed="S", certno_index="I", sex="2", born_on=date(1990, 1, 1), region="420502")
DIBAO = IdentityClass(code="dibao", begins_on=date(2026, 1, 1))


def test_state_names_what_counts_in_order_of_time() -> None:
    older, newer, pending = (
        cover("C2", date(2025, 1, 1)),
        cover("C1", date(2026, 1, 1)),
        cover("C3", date(2027, 1, 1), State.PENDING),
    )
    file = FILE.with_coverage(newer).with_coverage(older).with_coverage(pending).with_class(DIBAO)
    assert file.stated() == PersonStated(
        person_id="P1",
        version=7,
        sealed="S",
        certno_index="I",
        sex="2",
        born_on=date(1990, 1, 1),
        coverages=[older.published(), newer.published()],
        classes=[DIBAO],
    )


def test_a_changed_period_takes_the_place_of_the_former() -> None:
    file = FILE.with_coverage(cover("C1", date(2026, 1, 1), State.PENDING))
    changed = file.with_coverage(file.coverage("C1").activated())
    assert [c.state for c in changed.coverages] == [State.ACTIVE]
    assert (file.version, changed.version) == (4, 5)


def test_classes_of_a_day() -> None:
    file = FILE.with_class(IdentityClass(code="tekun", begins_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))).with_class(
        DIBAO
    )
    assert file.classes_on(date(2025, 12, 31)) == {"tekun"}
    assert file.classes_on(date(2026, 1, 1)) == {"dibao"}
    assert file.classes_on(date(2024, 12, 31)) == frozenset()


def test_the_end_of_a_class_can_be_recorded_later() -> None:
    ended = IdentityClass(code="dibao", begins_on=date(2026, 1, 1), ends_on=date(2026, 6, 30))
    assert FILE.with_class(DIBAO).with_class(ended).classes == (ended,)


@pytest.mark.parametrize(
    ("given", "kind", "code"),
    [
        (IdentityClass(code="rich", begins_on=date(2026, 1, 1)), Kind.INVALID, "enrollment.class.unknown"),
        (
            IdentityClass(code="tekun", begins_on=date(2026, 1, 2), ends_on=date(2026, 1, 1)),
            Kind.INVALID,
            "enrollment.class.period-wrong",
        ),
        (IdentityClass(code="dibao", begins_on=date(2026, 2, 1)), Kind.CONFLICT, "enrollment.class.overlaps"),
    ],
)
def test_classes_that_may_not_be(given: IdentityClass, kind: Kind, code: str) -> None:
    file = FILE.with_class(DIBAO)
    with pytest.raises(Refusal) as caught:
        file.with_class(given)
    assert (caught.value.kind, caught.value.code) == (kind, code)


def test_credit_codes() -> None:
    assert credit_code(" 91350100m000100y43 ") == "91350100M000100Y43"
    with pytest.raises(Refusal, match="credit-code-wrong"):
        credit_code("91350100M000100Y44")
