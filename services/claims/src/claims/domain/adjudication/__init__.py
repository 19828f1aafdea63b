"""Adjudication: rule books, the division of a bill, the benefit kernel and the explanation of its decisions (pure)."""

from claims.domain.adjudication.case import CASE_SUFFIX, Case
from claims.domain.adjudication.circumstances import Care, Circumstances, PersonClass, Place, Status
from claims.domain.adjudication.explanation import ExplanationStep, RuleRecord, explain, read, record_of, records
from claims.domain.adjudication.kernel import ClaimFacts, Decision, LayerResult, Payment, adjudicate
from claims.domain.adjudication.outcome import amounts, document, money
from claims.domain.adjudication.rule_book import RuleBook
from claims.domain.adjudication.rule_set import BOOK_SUFFIX, RuleBooks, RuleSet
from claims.domain.adjudication.split import OUTSIDE, CatalogueEntry, FeeLine, Split, add_up, split_line
from claims.domain.adjudication.year_state import YearState

__all__ = [
    "BOOK_SUFFIX",
    "CASE_SUFFIX",
    "OUTSIDE",
    "Care",
    "Case",
    "CatalogueEntry",
    "Circumstances",
    "ClaimFacts",
    "Decision",
    "ExplanationStep",
    "FeeLine",
    "LayerResult",
    "Payment",
    "PersonClass",
    "Place",
    "RuleBook",
    "RuleBooks",
    "RuleRecord",
    "RuleSet",
    "Split",
    "Status",
    "YearState",
    "add_up",
    "adjudicate",
    "amounts",
    "document",
    "explain",
    "money",
    "read",
    "record_of",
    "records",
    "split_line",
]
