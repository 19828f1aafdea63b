"""2204 and 2301: fee lines are split by the catalogue and stored with their split, all of a call or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from claims.application.his_messages import AnswerOnce, Effect
from claims.application.registry.ports import Catalogue
from claims.application.visits.answers import FeesUploaded, LineStated
from claims.application.visits.commands import UploadFees
from claims.application.visits.ports import Fees, LineShares, NewLine, Shares
from claims.domain.adjudication.split import OUTSIDE, PARTS, CatalogueEntry, ChargeClass, Split, add_up, split_line
from claims.domain.adjudication.split import FeeLine as SplittableLine
from claims.domain.catalogue import CatalogueItem, valid_on
from claims.domain.institution import Institution
from claims.domain.visit import Batch, Batches, FeeLine, StoredLine, Visit
from shared.clock import local
from shared.errors import conflict, invalid
from shared.ids import IdFactory
from shared.money import RATE_ONE, allocate
from shared.transactions import Tx

CHARGE_LEVELS: dict[ChargeClass, str] = {"A": "01", "B": "02", "C": "03"}
"""chrgitm_lv."""
NONE = Decimal(0)
APPROVED, REFUSED = "1", "2"
"""hosp_appr_flag."""


class UploadFeeLines:
    """Refuses serials used before, amounts far from quantity x price, and returns of more than was charged."""

    def __init__(self, answers: AnswerOnce, fees: Fees, catalogue: Catalogue, line_shares: LineShares, ids: IdFactory) -> None:
        self._answers = answers
        self._fees = fees
        self._catalogue = catalogue
        self._line_shares = line_shares
        self._ids = ids

    async def __call__(self, command: UploadFees, institution: Institution, render: Callable[[FeesUploaded], bytes]) -> bytes:
        """Store the lines; a refused line refuses the call."""

        async def work(tx: Tx, visit: Visit) -> Effect:
            _check_lines(command, institution)
            visit.must_be(inpatient=command.inpatient)
            batches = await self._fees.batches(tx, visit.visit_id)
            visit.take_lines(batches)
            new = await self._split(tx, command, visit, institution)
            batch_ids = await self._batch_ids(tx, visit, batches, command.lines)
            await self._fees.add(tx, visit.visit_id, command.header.msgid, batch_ids, new)
            uploaded = FeesUploaded(lines=tuple([line.stated for line in new]))
            return Effect(answer=render(uploaded), person_id=visit.person_id, visit_id=visit.visit_id)

        return await self._answers.run_on_visit(command.header, institution, command.visit_id, command.person_id, work)

    async def _split(self, tx: Tx, command: UploadFees, visit: Visit, institution: Institution) -> list[NewLine]:
        numbers = [line.line_no for line in command.lines]
        wanted = numbers + [line.returns_line_no for line in command.lines if line.returns_line_no]
        stored = await self._fees.lines(tx, visit.visit_id, wanted)
        for number in numbers:
            if number in stored:
                raise conflict("claims.fees.line-exists", f"费用明细流水号(feedetl_sn){number}已上传", field="feedetl_sn")
        catalogue = await self._catalogue.versions(tx, sorted({line.item_code for line in command.lines}))
        returns = _Returns(stored.values())
        new: list[NewLine] = []
        for line, details in zip(command.lines, command.details, strict=True):
            item = valid_on(catalogue.get(line.item_code, []), local(line.occurred_at).date())
            entry = _entry(line, item)
            shares = self._shares(visit, institution, local(line.occurred_at).date())
            if line.returns_line_no:
                split = returns.give_back(line)
            else:
                split = split_line(
                    _splittable(line), entry, institution.level, shares.class_b_rate, shares.of(entry.line_class)
                )
                returns.charge(line.line_no, line.item_code, line.quantity, split)
            stated = stated_line(line, split, item, entry, institution.level, shares)
            new.append(
                NewLine(
                    line=line,
                    split=split,
                    stated=stated,
                    item_name=item.name if item else "",
                    in_work_injury_catalogue=item is not None and item.in_work_injury_catalogue,
                    sessions=line.quantity if item is not None and item.per_session else NONE,
                    details={**details, "hosp_appr_flag": line.hospital_approval},
                )
            )
        return new

    def _shares(self, visit: Visit, institution: Institution, on: date) -> Shares:
        return self._line_shares.shares(visit.scheme, visit.insured_region or institution.region, on)

    async def _batch_ids(self, tx: Tx, visit: Visit, batches: Batches, lines: tuple[FeeLine, ...]) -> list[str]:
        ids: dict[str, str] = {}
        for number in dict.fromkeys(line.batch_no for line in lines):
            batch = batches.open(number)
            if batch is None:
                batch = Batch(
                    batch_id=self._ids.new(),
                    batch_no=number,
                    generation=batches.next_generation(number),
                    settlement_id=None,
                    line_count=0,
                )
                await self._fees.open_batch(tx, visit.visit_id, batch)
            ids[number] = batch.batch_id
        return [ids[line.batch_no] for line in lines]


@dataclass(slots=True)
class _Charged:
    """What is left of a charged line after its returns."""

    item_code: str
    quantity: Decimal
    split: Split


class _Returns:
    """What has been charged and returned so far: a return is never more than what is left of its original."""

    def __init__(self, stored: Iterable[StoredLine]) -> None:
        self._left: dict[str, _Charged] = {}
        lines = sorted(stored, key=lambda line: bool(line.returns_line_no))
        for line in lines:
            if not line.returns_line_no:
                self.charge(line.line_no, line.item_code, line.quantity, line.split)
            elif line.returns_line_no in self._left:
                self._take(self._left[line.returns_line_no], line.quantity, line.split)

    def charge(self, line_no: str, item_code: str, quantity: Decimal, split: Split) -> None:
        """A line that later ones may return."""
        self._left[line_no] = _Charged(item_code, quantity, split)

    def give_back(self, line: FeeLine) -> Split:
        """The split of a return: as its original's, in proportion, so that what is left never turns negative in any part."""
        left = self._left.get(line.returns_line_no)
        if left is None:
            raise invalid(
                "claims.fees.no-original",
                f"原费用流水号(init_feedetl_sn){line.returns_line_no}不存在",
                field="init_feedetl_sn",
            )
        if left.item_code != line.item_code:
            raise invalid(
                "claims.fees.other-item",
                f"退费明细{line.line_no}的医疗目录编码(med_list_codg)与原明细不同",
                field="med_list_codg",
            )
        if left.split.total_fen + line.amount_fen < 0 or left.quantity + line.quantity < 0:
            raise conflict(
                "claims.fees.over-returned", f"退费明细{line.line_no}超过原明细{line.returns_line_no}的余额", field="cnt"
            )
        parts = allocate(-line.amount_fen, list(left.split[1:PARTS])) if line.amount_fen else [0, 0, 0, 0]
        in_scope = parts[-1]
        # Of one line all that is in scope is of a kind, or nothing is.
        split = Split(line.amount_fen, *(-part for part in parts), *(-in_scope if kind else 0 for kind in left.split[PARTS:]))
        self._take(left, line.quantity, split)
        return split

    @staticmethod
    def _take(left: _Charged, quantity: Decimal, split: Split) -> None:
        left.quantity += quantity
        left.split = add_up((left.split, split))


def _check_lines(command: UploadFees, institution: Institution) -> None:
    for number, count in Counter(line.line_no for line in command.lines).items():
        if count > 1:
            raise invalid("claims.fees.line-twice", f"费用明细流水号(feedetl_sn){number}重复", field="feedetl_sn")
    tolerance_fen = institution.switches.line_tolerance_fen
    for line in command.lines:
        if line.price < 0 or line.amount_fen * line.quantity < 0 or (line.quantity == 0 and line.amount_fen != 0):
            raise invalid(
                "claims.fees.sign", f"明细{line.line_no}的数量(cnt)、单价(pric)与金额(det_item_fee_sumamt)正负不符", field="cnt"
            )
        if line.product_gap_fen() > tolerance_fen:
            raise invalid(
                "claims.fees.product",
                f"明细{line.line_no}的金额(det_item_fee_sumamt)与数量(cnt)×单价(pric)相差超过{tolerance_fen}分",
                field="det_item_fee_sumamt",
            )
        returned = line.quantity < 0 or line.amount_fen < 0
        if command.inpatient and returned and not line.returns_line_no:
            raise invalid(
                "claims.fees.no-original", f"退费明细{line.line_no}缺少原费用流水号(init_feedetl_sn)", field="init_feedetl_sn"
            )
        if line.returns_line_no and not returned:
            raise invalid("claims.fees.sign", f"退费明细{line.line_no}的数量(cnt)和金额应为负数", field="cnt")


def _entry(line: FeeLine, item: CatalogueItem | None) -> CatalogueEntry:
    """hosp_appr_flag 2 makes any item own-pay; the rest of that flag is the kernel's matter."""
    return OUTSIDE if item is None or line.hospital_approval == REFUSED else item.entry()


def _splittable(line: FeeLine) -> SplittableLine:
    return SplittableLine(
        amount_fen=line.amount_fen,
        quantity=line.quantity,
        price=line.price,
        approved_use=line.hospital_approval == APPROVED,
    )


def stated_line(
    line: FeeLine, split: Split, item: CatalogueItem | None, entry: CatalogueEntry, level: int, shares: Shares
) -> LineStated:
    """What is said of a line: its split and the numbers it was divided by."""
    charge_class = item.charge_class if item else OUTSIDE.charge_class
    own_pay = split.total_fen != 0 and split.self_funded_fen == split.total_fen
    own = shares.of(entry.line_class)
    rate = own.rate if own else entry.pre_selfpay_rate
    if rate is None:
        rate = shares.class_b_rate if charge_class == "B" else 0
    return LineStated(
        line_no=line.line_no,
        amount_fen=line.amount_fen,
        quantity=line.quantity,
        price=line.price,
        cap=None if own_pay else entry.price_limits[level - 1],
        selfpay_rate=RATE_ONE if own_pay or charge_class == "C" else rate,
        self_funded_fen=split.self_funded_fen,
        over_limit_fen=split.over_limit_fen,
        pre_selfpay_fen=split.pre_selfpay_fen,
        in_scope_fen=split.in_scope_fen,
        charge_class=CHARGE_LEVELS[charge_class],
        fee_category=item.fee_category if item else "14",
        limited_use=item is not None and item.limited_use,
    )
