"""Books with one planted fault each: the linter finds it, and the claim it gives shows it when the kernel decides it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from claims.__main__ import cli
from claims.application.adjudicate_case import adjudicate_case
from claims.application.lint_policy import lint_policy
from claims.domain.adjudication import Case, Circumstances, RuleBooks
from claims.domain.policy_lint import Finding, LintOptions, Severity
from claims.domain.policy_lint.curve import Curve, larger
from claims.domain.policy_lint.lint import VersionLint
from claims.domain.policy_lint.solver import Solver
from shared.rules import read_rules

SOUND = """\
format: onewindow-rule-book/1
region: "331000"
place: 某市
scheme: "390"
title: 测试
versions:
  - version: "1"
    effective_from: 2024-01-01
    effective_to: 2024-12-31
    dated_by: discharge
    policy_year: calendar
    sources: {s: {title: 文件, grade: synthetic}}
    class_b: {rate: "0.10", source: s}
    account: {pays: nothing, source: s}
    layers:
      - code: pool
        name: 统筹
        book: RES
        fund: "390100"
        his_field: hifp_pay
        per: claim
        when: {care: [inpatient]}
        source: s
        terms:
          - {code: low, name: 一二级, when: {levels: [1, 2]}, deductible: [200, 100], bands: [{up_to: 1000, rate: "0.50"}, {rate: "0.80"}]}
          - {code: three, name: 三级, when: {levels: [3]}, deductible: [500], bands: [{rate: "0.70"}], cap: 100000}
      - code: assistance
        name: 救助
        book: MAF
        fund: "610100"
        his_field: maf_pay
        per: year
        when: {care: [inpatient]}
        source: s
        terms:
          - {code: tekun, name: 特困, when: {classes: [tekun]}, bands: [{rate: "1"}]}
          - {code: dibao, name: 低保, when: {classes: [dibao]}, bands: [{rate: "0.70"}]}
          - {code: marginal, name: 边缘, when: {classes: [marginal]}, deductible: [3000], bands: [{rate: "0.60"}]}
"""


def found(text: str, **options: Any) -> list[Finding]:
    return [f for f in lint_policy({"x.book.yaml": text}, LintOptions(**options)) if f.severity is not Severity.NOTE]


def changed(*changes: tuple[str, str]) -> str:
    text = SOUND
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def decided(text: str, finding: Finding, **other: Any) -> int:
    """The funds' payment on the finding's claim, or one that differs from it, in fen."""
    facts = {name: value for name, value in finding.example.items() if name != "shows"} | {"title": "例"} | other
    case = read_rules(yaml.safe_dump(facts, allow_unicode=True), "example", Case)
    return int(adjudicate_case(RuleBooks.read({"x": text}), case)["amounts"]["funds"]["fen"])


def test_a_sound_book_has_nothing_but_notes() -> None:
    findings = lint_policy({"x.book.yaml": SOUND})
    assert [(f.severity, f.code) for f in findings] == [(Severity.NOTE, "care-unnamed"), (Severity.NOTE, "class-unnamed")]


def test_what_cannot_be_read_is_found_and_the_rest_is_still_looked_at() -> None:
    other = SOUND.replace("levels: [3]", "levels: [4]")
    findings = lint_policy({"a.book.yaml": other, "b.book.yaml": SOUND})
    assert [(f.code, f.place) for f in findings] == [
        ("unreadable", "a.book.yaml:26"),
        ("care-unnamed", "b.book.yaml:7"),
        ("class-unnamed", "b.book.yaml:7"),
    ]


@pytest.mark.parametrize(
    ("begins", "ends", "code", "day"),
    [
        ("2024-12-31", "2025-12-31", "time-overlap", "2024-12-31"),
        ("2025-01-02", "2025-12-31", "time-gap", "2025-01-01"),
    ],
)
def test_two_files_of_one_place_follow_each_other(begins: str, ends: str, code: str, day: str) -> None:
    later = changed(
        ('version: "1"', 'version: "2"'),
        ("effective_to: 2024-12-31", f"effective_to: {ends}"),
        ("effective_from: 2024-01-01", f"effective_from: {begins}"),
    )
    findings = lint_policy({"a.book.yaml": SOUND, "b.book.yaml": later})
    [finding] = [f for f in findings if f.severity is Severity.ERROR]
    assert (finding.code, finding.place) == (code, "b.book.yaml:7")
    assert finding.example == {"region": "331000", "scheme": "390", "day": day}


def test_a_level_that_no_terms_cover() -> None:
    text = changed(("levels: [1, 2]", "levels: [1]"))
    [finding] = found(text)
    assert (finding.code, finding.severity, finding.subject) == ("uncovered", Severity.ERROR, "pool")
    assert finding.place == "x.book.yaml:16"
    assert finding.zh == "“统筹”没有规定2级县级机构、居民（county、resident）的待遇标准，结算将被拒绝"
    assert (finding.example["level"], finding.example["bill"]) == (2, {"total": "0.01"})


def test_a_kind_of_claim_that_no_layer_covers() -> None:
    text = changed(
        ("        when: {care: [inpatient]}\n        source: s\n        terms:\n          - {code: low", "        when: {care: [inpatient], places: [local, in_province]}\n        source: s\n        terms:\n          - {code: low"),
        ("        when: {care: [inpatient]}\n        source: s\n        terms:\n          - {code: tekun", "        when: {care: [inpatient], places: [local, in_province]}\n        source: s\n        terms:\n          - {code: tekun"),
    )  # fmt: skip
    [finding] = found(text)
    assert (finding.code, finding.subject, finding.example["place"]) == ("uncovered", "inpatient", "out_of_province")


def test_terms_that_earlier_ones_cover_together() -> None:
    """Neither 一二级 nor 三级 alone covers 其他, both do."""
    text = changed(
        (
            "cap: 100000}\n",
            'cap: 100000}\n          - {code: rest, name: 其他, deductible: [900], bands: [{rate: "0.10"}], cap: 100000}\n',
        )
    )
    [finding] = found(text)
    assert (finding.code, finding.severity, finding.subject) == ("terms-unreached", Severity.WARNING, "pool/rest")


def test_two_rules_two_answers() -> None:
    """Terms of more than bands and caps are not ordered by the reader: the linter solves for the cost at which they part."""
    child = '{code: child, name: 儿童, when: {levels: [3], age: {below: 15}}, deductible_rule: {bill: {share: "0.20"}}, bands: [{rate: "0.80"}]}'
    text = changed(("          - {code: three", f"          - {child}\n          - {{code: three"))
    [finding] = [f for f in found(text) if f.code == "two-answers"]
    assert (finding.subject, finding.place) == ("pool/child<three", "x.book.yaml:27")
    # 0.8 (x - 0.2 x) and 0.7 (x - 500) cross at 5,833.33; above, the second pays more.
    cost = round(float(finding.example["bill"]["total"]) * 100)
    assert cost == 583_351
    at = {"age": 14}
    without = SOUND
    assert decided(text, finding, **at) < decided(without, finding, **at)
    nearer = {"bill": {"total": "5833.33"}, **at}
    assert decided(text, finding, **nearer) >= decided(without, finding, **nearer)


def test_a_band_behind_the_cap() -> None:
    text = changed(
        ('bands: [{rate: "0.70"}], cap: 100000}', 'bands: [{up_to: 150000, rate: "0.70"}, {rate: "0.90"}], cap: 100000}')
    )
    [finding] = found(text)
    assert (finding.code, finding.subject) == ("band-unreached", "pool/three/2")


def test_points_that_lead_out_of_the_scale() -> None:
    adjustment = '        adjustments: [{code: away, name: 省外, when: {places: [out_of_province]}, points: "-0.60"}]\n'
    text = changed(("        per: claim\n", f"        per: claim\n{adjustment}"))
    [finding] = found(text)
    assert (finding.code, finding.severity, finding.subject) == ("rate-outside", Severity.ERROR, "pool/low")
    assert finding.example["place"] == "out_of_province"


def test_a_ladder_that_rises() -> None:
    [finding] = found(changed(("[200, 100]", "[200, 300]")))
    assert (finding.code, finding.severity, finding.subject) == ("ladder-rises", Severity.WARNING, "pool/low")


SECOND = """\
      - code: second
        name: 二次补偿
        book: RES
        fund: "390100"
        his_field: oth_pay
        per: claim
        after_cap_of: pool
        when: {care: [inpatient]}
        source: s
        terms:
          - {code: all, name: 全部, bands: [{rate: "0.50"}]}
"""


def test_a_fen_less_cost_loses_a_second_compensation() -> None:
    """100,000 / 0.7 + 500 = 143,357.14 reaches the cap of level 3: half of the 43,357.14 that are left comes on top."""
    text = changed(("      - code: assistance\n", SECOND + "      - code: assistance\n"))
    [finding] = [f for f in found(text) if f.code == "jump"]
    assert (finding.severity, finding.subject) == (Severity.WARNING, "inpatient")
    assert finding.example["shows"] == {"funds": "121678.57", "a_fen_less_cost": "99999.99"}
    assert finding.example["bill"] == {"total": "143357.14"}
    assert decided(text, finding) == 12_167_857
    assert decided(text, finding, bill={"total": "143357.13"}) == 9_999_999


class Falling(Solver):
    """Rules that the format cannot state: 1,000 yuan of benefit are lost at a cost of 5,000, then a fen for every two."""

    def funds(self, c: Circumstances, turn: int = 0) -> Curve:
        cost = Curve.cost()
        return cost - (cost >= 500_000) * 100_000 - larger(cost - 800_000, 0) * 2

    def funds_at(self, c: Circumstances, cost_fen: int, turn: int = 0) -> int:
        return int(self.funds(c).at(cost_fen))


def test_a_fen_more_cost_loses_benefit() -> None:
    """Within one claim the kernel's form excludes it; the check stands all the same, should the format grow."""
    version = VersionLint(RuleBooks.read({"x": SOUND}).on("331000", "390", date(2024, 5, 1)), LintOptions(), Falling)
    stay = Circumstances("inpatient", 2, "resident")
    cliff, falling = version.cliffs(stay, 0, set())
    assert (cliff.code, cliff.severity, cliff.example["bill"]) == ("cliff", Severity.ERROR, {"total": "5000.00"})
    assert cliff.example["shows"] == {"funds": "4000.00", "a_fen_less_cost": "4999.99"}
    assert (falling.code, falling.example["shows"]) == ("falling", {"funds": "6999.00", "with_100_more": "6899.00"})


def test_a_poorer_person_paid_less() -> None:
    """55 % of all against 60 % of what exceeds 3,000: they part at 36,000 of self-pay."""
    cut = '        adjustments: [{code: cut, name: 压减, when: {classes: [dibao]}, points: "-0.15"}]\n'
    text = changed(("        per: year\n", f"        per: year\n{cut}"))
    [finding] = found(text)
    assert (finding.code, finding.severity, finding.subject) == ("poorer-paid-less", Severity.ERROR, "dibao<marginal")
    poorer = decided(text, finding)
    richer = decided(text, finding, classes=["marginal"])
    assert poorer < richer
    assert finding.example["shows"] == {"dibao": f"{poorer / 100:.2f}", "marginal": f"{richer / 100:.2f}"}


def test_a_class_that_pays_a_premium_of_its_own_and_has_no_benefit() -> None:
    [finding] = found(SOUND, premium_classes={"tekun": "2026", "orphan": "2026"})
    assert (finding.code, finding.subject) == ("premium-without-benefit", "orphan")
    assert finding.zh == "缴费政策（2026）有人员类别孤儿，待遇规则没有任何一条提到"


def test_a_finding_that_the_place_accepts_is_a_note_with_the_reason() -> None:
    text = changed(
        ("[200, 100]", "[200, 300]"),
        ('    class_b: {rate', '    accepted_findings: {ladder-rises/pool/low: 地方文件如此规定}\n    class_b: {rate'),
    )  # fmt: skip
    assert found(text) == []
    [note] = [f for f in lint_policy({"x": text}) if f.code == "ladder-rises"]
    assert note.zh.endswith("（已知并接受：地方文件如此规定）")


def test_more_kinds_than_are_solved_is_said() -> None:
    [finding] = found(SOUND, most_kinds=3)
    assert (finding.code, finding.severity) == ("too-many-kinds", Severity.ERROR)


def test_versions_are_looked_at_one_by_one() -> None:
    later = changed(
        ('version: "1"', 'version: "2"'),
        ("effective_from: 2024-01-01", "effective_from: 2025-01-01"),
        ("2024-12-31", "2025-12-31"),
        ("[200, 100]", "[200, 300]"),
    )
    findings = lint_policy({"a.book.yaml": SOUND, "b.book.yaml": later})
    assert [(f.version, f.code) for f in findings if f.severity is Severity.WARNING] == [("2", "ladder-rises")]
    assert RuleBooks.read({"a": SOUND, "b": later}).on("331000", "390", date(2025, 5, 1)).version.version == "2"


def test_the_command_shows_place_and_claim_and_fails_on_errors(tmp_path: Path) -> None:
    (tmp_path / "a.book.yaml").write_text(changed(("levels: [1, 2]", "levels: [1]")), encoding="utf-8")
    result = CliRunner().invoke(cli, ["lint-policy", "--book", str(tmp_path)])
    assert result.exit_code == 1
    place, claim, *_, counts = result.stdout.splitlines()
    assert place.endswith(
        "a.book.yaml:16: error: uncovered pool: “统筹”没有规定2级县级机构、居民（county、resident）的待遇标准，结算将被拒绝"
    )
    assert json.loads(claim)["level"] == 2
    assert counts == "1 error，0 warning，2 note"
    (tmp_path / "a.book.yaml").write_text(SOUND, encoding="utf-8")
    (tmp_path / "p.premiums.yaml").write_text("residents: [{year: 2026, subsidies: {orphan: 400}}]", encoding="utf-8")
    sound = CliRunner().invoke(cli, ["lint-policy", "--book", str(tmp_path), "--premiums", str(tmp_path), "--json"])
    assert sound.exit_code == 0
    assert [finding["code"] for finding in json.loads(sound.stdout)] == [
        "premium-without-benefit",
        "care-unnamed",
        "class-unnamed",
    ]
    assert CliRunner().invoke(cli, ["lint-policy", "--book", str(tmp_path), "--cliff", "x"]).exit_code == 2
