"""The gateway's API over a small county in memory, for the console alone: what it answers is what docs and views promise.

``python -m tests.browser.fake_gateway PORT`` serves it for a look at the pages.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

import uvicorn
from fastapi.encoders import jsonable_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.adapters.policy import load_catalogue
from gateway.entrypoints.http.views import catalogue_view
from shared.errors import Refusal
from shared.ledger import ACCOUNT_NAMES, BOOK_NAMES
from tests.browser import county
from tests.browser.injuries import UNINSURED, Injuries
from tests.browser.month_end import MonthEnd
from tests.browser.register import Register, problem
from tests.browser.simulations import GOING, simulations
from tests.browser.unsettled_stays import UnsettledStays

Json = dict[str, Any]
PASSWORD: Final = "onewindow"


class Problem(Exception):
    """A refusal."""

    def __init__(self, status: int, code: str, title: str, **more: Any) -> None:
        self.body = {
            "type": f"urn:onewindow:problem:{code}",
            "status": status,
            "code": code,
            "title": title,
            "detail": "",
            **more,
        }


class FakeGateway:
    """State and answers. ``commands`` keeps what was asked, ``away`` makes every answer a 503, ``broken`` a settlement
    without figures, ``accesses`` is the access log."""

    def __init__(self) -> None:
        self.catalogue = jsonable_encoder([catalogue_view(rule) for rule in load_catalogue().on(county.TODAY)])
        self.reset()

    def reset(self) -> None:
        """As on the first morning."""
        self.conversion = county.conversion()
        self.contested = False
        self.third_level = False
        """Whether the amount of the conversion needs a third signature."""
        self.case_facts: Json = {}
        self.journals = county.first_journals()
        self.matters = county.matters()
        self.accesses: list[Json] = []
        self.commands: list[tuple[str, str, Json]] = []
        self.register = Register()
        self.simulations = simulations()
        self.filings = {person_id: county.filings(person_id) for person_id in (county.ZHANG, county.LI)}
        self.injuries = Injuries()
        self.unsettled = UnsettledStays()
        self.month_end = MonthEnd()
        self.away = False
        self.broken = False
        self.broken_sheet = False
        self._answers: dict[str, Any] = {}

    def app(self) -> Starlette:
        """The application."""
        paths = {
            "/v1/auth": self.provider,
            "/v1/me": self.me,
            "/v1/matter-catalogue": self.offered,
            "/v1/matters": self.matter_list,
            "/v1/matters/counts": self.counts,
            "/v1/matters/{matter_id}": self.matter,
            "/v1/persons": self.persons,
            "/v1/persons/{person_id}": self.person,
            "/v1/persons/{person_id}/timeline": self.timeline,
            "/v1/persons/{person_id}/year": self.year,
            "/v1/persons/{person_id}/filings": self.filing_list,
            "/v1/access-log": self.access_log,
            "/v1/settlements/{settlement_id}": self.settlement,
            "/v1/conversions": self.conversions,
            "/v1/conversions/{conversion_id}": self.one_conversion,
            "/v1/injury-cases/{case_id}": self.injury_case,
            "/v1/injury-case-files/{case_id}": self.case_file,
            "/v1/injury-cases/{case_id}/benefits": self.benefits,
            "/v1/decision-documents": self.documents,
            "/v1/recoveries/{recovery_id}": self.debt,
            "/v1/visits": self.visits,
            "/v1/visits/{visit_id}": self.visit,
            "/v1/stay-splits/{visit_id}": self.stay_split,
            "/v1/recovery-ages": self.recovery_ages,
            "/v1/worklists/{kind}": self.worklist,
            "/v1/stay-credits": self.stay_credits,
            "/v1/proposals": self.proposals,
            "/v1/fund-returns": self.fund_returns,
            "/v1/interfund-clearings": self.runs,
            "/v1/interfund-clearings/worklist": self.runs_waiting,
            "/v1/interfund-clearings/{clearing_id}": self.run,
            "/v1/double-bills": self.double_bills,
            "/v1/partner-documents": self.partner_documents,
            "/v1/partner-documents/{document_id}": self.partner_document,
            "/v1/person-dues": self.person_dues,
            "/v1/person-payouts": self.payouts,
            "/v1/recurrences": self.recurrences,
            "/v1/out-of-area/registrations": self.registrations,
            "/v1/out-of-area/stays": self.stays,
            "/v1/out-of-area/clearings": self.quarters,
            "/v1/paper-claims/{paper_claim_id}": self.paper_claim,
            "/v1/pension-runs/{month}": self.pension_run,
            "/v1/pension-reviews": self.pension_reviews,
            "/v1/institutions": self.institutions,
            "/v1/ledger/books": self.books,
            "/v1/ledger/journals": self.journal_list,
            "/v1/ledger/trial-balance": self.trial_balance,
            "/v1/ledger/periods": self.periods,
            "/v1/simulations": self.simulation_list,
            "/v1/simulations/{simulation_id}": self.simulation,
            "/v1/rule-books": self.book_list,
            "/v1/rule-books/{book_id}": self.book,
            "/v1/rule-books/{book_id}/diff": self.book_diff,
            "/v1/rule-books/{book_id}/jobs": self.book_jobs,
            "/v1/rule-book-jobs/{job_id}": self.book_job,
        }
        commands = {
            "/v1/auth/login": self.login,
            "/v1/matters": self.accept,
            "/v1/matters/{matter_id}/tasks/{code}/actions": self.act,
            "/v1/matters/{matter_id}/materials": self.receive,
            "/v1/interfund-clearings": self.propose_run,
            "/v1/fund-replenishments": self.replenish,
            "/v1/interfund-clearings/{clearing_id}/{act}": self.on_run,
            "/v1/ledger/periods": self.close_period,
            "/v1/double-bills/{double_bill_id}/{act}": self.on_double_bill,
            "/v1/partner-documents/{document_id}/{act}": self.on_partner_document,
            "/v1/person-payouts": self.propose_payout,
            "/v1/person-payouts/{payout_id}/{act}": self.on_payout,
            "/v1/out-of-area/registrations": self.register_elsewhere,
            "/v1/out-of-area/registrations/{registration_id}/{act}": self.on_registration,
            "/v1/out-of-area/stays/{stay_id}/{act}": self.on_stay,
            "/v1/out-of-area/clearings": self.clear_quarter,
            "/v1/out-of-area/prefunds": self.prefund,
            "/v1/recurrences": self.recur,
            "/v1/recurrences/{recurrence_id}/{act}": self.on_recurrence,
            "/v1/injury-cases/{case_id}/back-payment": self.back_payment,
            "/v1/injury-cases/{case_id}/paper-claims": self.claim_on_paper,
            "/v1/injury-cases/{case_id}/benefits": self.propose_benefit,
            "/v1/injury-cases/{case_id}/own-wage": self.record_wage,
            "/v1/paper-claims/{paper_claim_id}/{act}": self.on_paper_claim,
            "/v1/advances/{advance_id}/{act}": self.on_advance,
            "/v1/recoveries/{recovery_id}/{act}": self.on_debt,
            "/v1/set-offs/{set_off_id}/{act}": self.on_set_off,
            "/v1/injury-cases/{case_id}/facts": self.state_facts,
            "/v1/injury-cases/{case_id}/contests": self.contest,
            "/v1/audit-deductions/{deduction_id}/{act}": self.on_deduction,
            "/v1/proposals/{proposal_id}/{act}": self.on_proposal,
            "/v1/benefits/{benefit_id}/{act}": self.on_benefit,
            "/v1/decision-documents": self.attach,
            "/v1/conversions/{conversion_id}/split": self.split,
            "/v1/conversions/{conversion_id}/split/{act}": self.review_split,
            "/v1/conversions/{conversion_id}/{act}": self.review,
            "/v1/injury-cases/{case_id}/stay-splits": self.split_stay,
            "/v1/stay-splits/{visit_id}/{act}": self.on_stay_split,
            "/v1/stay-credits": self.give_credit,
            "/v1/stay-credits/{credit_id}/withdraw": self.end_credit,
            "/v1/persons/{person_id}/filings": self.file,
            "/v1/persons/{person_id}/filings/{filing_id}/cancel": self.withdraw,
            "/v1/simulations": self.simulate,
            "/v1/rule-books": self.submit_book,
            "/v1/rule-books/{book_id}/{act}": self.act_on_book,
        }
        routes = [Route(path, self._answer(what), methods=["GET"]) for path, what in paths.items()]
        routes += [Route(path, self._answer(what), methods=["POST"]) for path, what in commands.items()]
        routes.append(Route("/v1/rule-books/{book_id}", self._answer(self.submit_book), methods=["PUT"]))
        routes.append(Route("/v1/settlements/{settlement_id}/sheet.pdf", self.sheet))
        routes.append(Route("/v1/injury-cases/{case_id}/vouchers/{number}.pdf", self.voucher))
        return Starlette(routes=routes)

    def _answer(self, what: Callable[..., Any]) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def endpoint(request: Request) -> JSONResponse:
            try:
                if self.away:
                    raise Problem(503, "claims.away", "系统繁忙，请稍后重试")
                if request.method == "GET":
                    return JSONResponse(what(request))
                key, body = request.headers["Idempotency-Key"], await request.json()
                if what != self.login:
                    self.commands.append((request.url.path, key, body))
                    if key in self._answers:
                        return JSONResponse(self._answers[key])
                answer = what(request, body)
                if what != self.login:
                    self._answers[key] = answer
                return JSONResponse(answer)
            except Problem as refused:
                return JSONResponse(refused.body, refused.body["status"], media_type="application/problem+json")
            except Refusal as refusal:
                status, code, title, facts = problem(refusal)
                facts = {**facts, "field": refusal.field} if refusal.field else facts
                return JSONResponse(Problem(status, code, title, **facts).body, status, media_type="application/problem+json")

        return endpoint

    # ---- who --------------------------------------------------------------------------------------------------------

    def provider(self, _: Request) -> Json:
        users = [
            {"username": key, "name": r["name"], "role": r["role"], "role_name": r["role_name"]}
            for key, r in county.ROLES.items()
        ]
        return {"provider": "local", "issuer": None, "audience": None, "users": users}

    def login(self, _: Request, body: Json) -> Json:
        if body["username"] not in county.ROLES or body["password"] != PASSWORD:
            raise Problem(401, "gateway.auth.credentials-wrong", "用户名或密码错误")
        return {"access_token": f"token-{body['username']}", "token_type": "bearer", "expires_in": 28800, "user": {}}

    def me(self, request: Request) -> Json:
        role = county.ROLES[self._user(request)]
        return {
            "user_id": self._user(request),
            "name": role["name"],
            "roles": [role["role"]],
            "role_names": [role["role_name"]],
            "scopes": role["scopes"].split(),
            "regions": ["*"],
        }

    def _user(self, request: Request, *scopes: str) -> str:
        user = request.headers.get("Authorization", "").removeprefix("Bearer token-")
        if user not in county.ROLES:
            raise Problem(401, "auth.token-invalid", "请重新登录")
        for scope in scopes:
            if scope not in county.ROLES[user]["scopes"].split():
                raise Problem(403, "auth.scope-missing", f"没有权限：{scope}")
        return user

    # ---- persons ----------------------------------------------------------------------------------------------------

    def persons(self, request: Request) -> Json:
        self._user(request, "persons:read")
        return _page([county.person(key, clear=False) for key in county.persons_named(request.query_params["q"])])

    def person(self, request: Request) -> Json:
        user = self._user(request, "persons:read")
        person_id, clear = request.path_params["person_id"], "reveal" in request.query_params
        if clear:
            self._user(request, "persons:identify")
            name = county.ROLES[user]["name"]
            self.accesses.append(
                {
                    "at": "2026-11-22T09:30:00+08:00",
                    "by": user,
                    "by_name": name,
                    "person_id": person_id,
                    "what": "查看证件号码等身份信息",
                }
            )
        return county.person(person_id, clear=clear)

    def timeline(self, request: Request) -> Json:
        self._user(request, "persons:read")
        return _page(county.timeline(request.path_params["person_id"]))

    def year(self, request: Request) -> Json:
        self._user(request, "persons:read")
        return county.year(request.path_params["person_id"])

    def access_log(self, request: Request) -> Json:
        self._user(request, "access-log:read")
        return _page(self.accesses)

    def filing_list(self, request: Request) -> Json:
        self._user(request, "filings:read")
        return _page(self.filings.get(request.path_params["person_id"], []))

    def file(self, request: Request, body: Json) -> Json:
        user = self._user(request, "filings:write")
        if body["kind"] == "long_term" and not body["code"].isdecimal():
            raise Problem(
                422, "claims.filing.code", "备案的病种、机构或地区不能为空", field="code", faults={"code": "请填写区划代码"}
            )
        filed = {"filing_id": "01FILINGNEW", "scheme": "390", "filed_by": user, "filed_at": "2026-11-22T09:31:00+08:00"}
        new = {**filed, "code": "", "ends_on": None, "state": "valid", **body}
        self.filings[request.path_params["person_id"]].append(new)
        return {"filing_id": "01FILINGNEW"}

    def withdraw(self, request: Request, _: Json) -> Json:
        self._user(request, "filings:write")
        for filing in self.filings[request.path_params["person_id"]]:
            if filing["filing_id"] == request.path_params["filing_id"]:
                filing["state"] = "cancelled"
        return {"filing_id": request.path_params["filing_id"], "state": "cancelled"}

    # ---- matters ----------------------------------------------------------------------------------------------------

    def offered(self, request: Request) -> Json:
        self._user(request, "matters:read")
        return _page(self.catalogue)

    def matter_list(self, request: Request) -> Json:
        self._user(request, "matters:read")
        wanted = {
            name: value for name, value in request.query_params.items() if name in ("state", "light", "receipt_no", "person_id")
        }
        names = (
            "matter_id",
            "receipt_no",
            "matter_code",
            "matter_name",
            "person_id",
            "region",
            "state",
            "state_name",
            "light",
            "accepted_at",
            "due_on",
            "days_left",
            "closed_at",
        )
        return _page(
            [
                {**{name: m[name] for name in names}, "running": [t["name"] for t in m["tasks"] if t["state"] == "running"]}
                for m in self.matters.values()
                if all(m[name] == value for name, value in wanted.items())
            ]
        )

    def counts(self, request: Request) -> Json:
        self._user(request, "matters:read")
        lights = [m["light"] for m in self.matters.values() if m["state"] == "open"]
        closed = sum(1 for m in self.matters.values() if m["state"] == "done")
        return {
            "open": len(lights),
            "closed_today": closed,
            **{light: lights.count(light) for light in ("green", "yellow", "red")},
        }

    def matter(self, request: Request) -> Json:
        user = self._user(request, "matters:read")
        return self._seen(self._find_matter(request), user)

    def _find_matter(self, request: Request) -> Json:
        found = self.matters.get(request.path_params["matter_id"])
        if found is None:
            raise Problem(404, "gateway.matter.unknown", "没有这个办件")
        return found

    def _seen(self, matter: Json, user: str) -> Json:
        """With the actions that this caller may take now."""
        rules = next(rule for rule in self.catalogue if rule["code"] == matter["matter_code"])["tasks"]
        scopes = county.ROLES[user]["scopes"].split()
        actions = {rule["code"]: [a for a in rule["actions"] if a["scope"] in scopes] for rule in rules}
        tasks = [{**t, "actions": actions[t["code"]] if t["state"] == "running" else []} for t in matter["tasks"]]
        return {**matter, "tasks": tasks}

    def act(self, request: Request, body: Json) -> Json:
        matter = self._find_matter(request)
        task = next(t for t in matter["tasks"] if t["code"] == request.path_params["code"])
        if body["action"] == "pay":
            user = self._user(request, "premiums:pay")
            due = int(matter["references"]["amount_fen"])
            if body["amount_fen"] != due:
                title = f"缴费金额应为 {due // 100}.00 元"
                raise Problem(422, "enrollment.premium.amount-differs", title, field="amount_fen", faults={"amount_fen": title})
            note = "参保自 2027-01-01 起生效"
        else:
            user = self._user(request, "injury-cases:decide")
            note = f"认定为工伤，决定书 {body['decision_no']}"
        task |= {"state": "done", "state_name": "办结", "light": None, "changed_at": "2026-11-22T09:31:00+08:00"}
        task["result"] = {"outcome": "done", "at": "2026-11-22T09:31:00+08:00", "note": note}
        matter["log"].append(
            {"at": "2026-11-22T09:31:00+08:00", "by": county.ROLES[user]["name"], "text": f"{task['name']}：办结"}
        )
        if all(t["state"] == "done" for t in matter["tasks"]):
            matter |= {
                "state": "done",
                "state_name": "办结",
                "light": None,
                "days_left": None,
                "closed_at": "2026-11-22T09:31:00+08:00",
            }
        return self._seen(matter, user)

    def receive(self, request: Request, body: Json) -> Json:
        user = self._user(request, "matters:accept")
        matter = self._find_matter(request)
        brought = {paper["code"] for paper in body["materials"]}
        for paper in matter["materials"]:
            if paper["code"] in brought:
                paper |= {"state": "provided", "received_on": county.TODAY.isoformat(), "due_on": None}
        return self._seen(matter, user)

    def accept(self, request: Request, body: Json) -> Json:
        user = self._user(request, "matters:accept")
        rule = next(rule for rule in self.catalogue if rule["code"] == body["matter_code"])
        brought = {paper["code"] for paper in body["materials"]}
        missing = [
            {"code": paper["code"], "name": paper["name"], "deferrable_days": paper["deferrable_days"]}
            for paper in rule["materials"]
            if not paper["shared_from"] and paper["code"] not in brought and not (paper["deferrable_days"] and body["defer"])
        ]
        if missing:
            names = "、".join(paper["name"] for paper in missing)
            raise Problem(422, "gateway.matter.materials-missing", f"一次性告知，还缺：{names}", missing=missing)
        template = next(m for m in county.matters().values() if m["matter_code"] == rule["code"])
        matter = {
            **template,
            "matter_id": "01MATTERNEW",
            "receipt_no": "CB0120261122000018",
            "form": body["form"],
            "person_id": body["person_id"],
        }
        self.matters[matter["matter_id"]] = matter
        return self._seen(matter, user)

    # ---- claims and the bridge --------------------------------------------------------------------------------------

    def settlement(self, request: Request) -> Json:
        self._user(request, "settlements:read")
        if request.path_params["settlement_id"] not in (county.STAY, county.RESIDENT_STAY):
            raise Problem(404, "claims.settlement.unknown", "没有这笔结算")
        found = county.settlement(request.path_params["settlement_id"])
        return {"person_id": found["person_id"]} if self.broken else found

    async def sheet(self, request: Request) -> Response:
        self._user(request, "settlements:read")
        if self.broken_sheet:
            problem = Problem(503, "gateway.papers.failed", "打印排版暂时不可用，请稍后重试").body
            return JSONResponse(problem, 503, media_type="application/problem+json")
        return Response(f"%PDF of {request.path_params['settlement_id']}".encode(), media_type="application/pdf")

    def institutions(self, request: Request) -> Json:
        self._user(request, "settlements:read")
        return _page([{"code": county.HOSPITAL, "name": "河湾县人民医院", "level": 2, "region": "990101"}])

    def conversions(self, request: Request) -> Json:
        self._user(request, "conversions:read")
        state = request.query_params.get("state")
        return _page([self.conversion] if state in (None, self.conversion["state"]) else [])

    def one_conversion(self, request: Request) -> Json:
        self._user(request, "conversions:read")
        return self.conversion

    def injury_case(self, request: Request) -> Json:
        self._user(request, "injury-cases:read")
        if request.path_params["case_id"] == UNINSURED:
            return self.injuries.case()
        state = {"state": "under_review"} if self.contested else {}
        return {**county.case(), "conversions": [self.conversion], "facts": self.case_facts, **state}

    def review(self, request: Request, body: Json) -> Json:
        act, now = request.path_params["act"], self.conversion
        user = self._user(request, f"conversions:{act}")
        expected = {"check": ("proposed",), "approve": ("checked", "endorsed"), "send-back": ("checked", "endorsed")}[act]
        if now["state"] not in expected:
            raise Problem(409, "workinjury-bridge.conversion.out-of-turn", "转换业务已被他人办理，请刷新")
        if act == "check":
            now |= {"state": "checked", "maker": user, "note": body.get("note")}
        elif act == "send-back":
            now |= {"state": "proposed", "maker": None, "checker": None, "note": body.get("note")}
        elif self.third_level and now["state"] == "checked":
            now |= {"state": "endorsed", "checker": user, "note": body.get("note")}
        else:
            signed = {"approver": user} if now["state"] == "endorsed" else {"checker": user}
            now |= {"state": "settled", **signed, "note": body.get("note"), "paid": True}
            moved = {"state": "confirmed", "changed_at": "2026-11-22T09:32:00+08:00", "cause": None}
            now["transfers"] = [
                {
                    **moved,
                    "transfer_id": "01T",
                    "voucher_no": "JZ2026112200001",
                    "book": "EMP",
                    "direction": "out",
                    "amount_fen": 1_298_500,
                }
            ]
            now["payments"] = [
                {"kind": kind, "voucher_no": "JZ2026112200002", "amount_fen": amount, "paid_at": "2026-11-22T09:32:01+08:00"}
                for kind, amount in (("refund", 271_500), ("meals", 36_000))
            ]
            self.journals += county.conversion_journals(now["maker"], user)
        return now

    # ---- work injury beyond the conversion ----------------------------------------------------------------------------

    def case_file(self, request: Request) -> Json:
        self._user(request, "injury-cases:read")
        return self.injuries.file(request.path_params["case_id"], self.conversion)

    def benefits(self, request: Request) -> Json:
        self._user(request, "benefits:read")
        return self.injuries.benefits()

    def documents(self, request: Request) -> Json:
        self._user(request, "injury-cases:read")
        return _page([d for d in self.injuries.documents if d["subject_id"] == request.query_params["subject_id"]])

    def attach(self, request: Request, body: Json) -> Json:
        user = self._user(request, "documents:attach")
        added = {
            "attached_by": user,
            "attached_by_name": county.ROLES[user]["name"],
            "attached_at": "2026-11-22T09:31:00+08:00",
        }
        self.injuries.documents.append({"material": "", **body, **added, "document_id": "01DOCNEW"})
        return {"document_id": "01DOCNEW"}

    async def voucher(self, request: Request) -> Response:
        self._user(request, "ledger:read")
        number = request.path_params["number"]
        if not any(j["voucher_no"] == number for j in self.journals):
            problem = Problem(404, "gateway.voucher.unknown", f"本案没有凭证 {number}").body
            return JSONResponse(problem, 404, media_type="application/problem+json")
        return Response(f"%PDF of {number}".encode(), media_type="application/pdf")

    def recovery_ages(self, request: Request) -> Json:
        self._user(request, "recoveries:read")
        return self.injuries.ages()

    def worklist(self, request: Request) -> Json:
        self._user(request, "recoveries:read")
        if request.path_params["kind"] == "stay-splits":
            return _page(self.unsettled.worklist())
        return _page(self.injuries.worklist(request.path_params["kind"], request.query_params.get("opened_since")))

    def visits(self, request: Request) -> Json:
        self._user(request, "settlements:read")
        return _page(self.unsettled.of_person(request.query_params["person_id"]))

    def visit(self, request: Request) -> Json:
        self._user(request, "settlements:read")
        return self.unsettled.visit(request.path_params["visit_id"])

    def stay_credits(self, request: Request) -> Json:
        self._user(request, "settlements:read")
        asked = request.query_params
        return _page(self.unsettled.credits_in(asked.get("state", "open"), asked.get("person_id")))

    def give_credit(self, request: Request, body: Json) -> Json:
        return self.unsettled.give_credit(body, self._user(request, "stay-credits:write"))

    def end_credit(self, request: Request, _: Json) -> Json:
        return self.unsettled.end_credit(request.path_params["credit_id"], self._user(request, "stay-credits:write"))

    def stay_split(self, request: Request) -> Json:
        self._user(request, "injury-cases:read")
        return self.unsettled.split(request.path_params["visit_id"])

    def split_stay(self, request: Request, body: Json) -> Json:
        user = self._user(request, "conversions:split")
        return self.unsettled.propose(request.path_params["case_id"], body, user)

    def on_stay_split(self, request: Request, body: Json) -> Json:
        user = self._user(request, "conversions:check")
        return self.unsettled.review(request.path_params["visit_id"], request.path_params["act"], body, user)

    def proposals(self, request: Request) -> Json:
        self._user(request, "recoveries:read")
        subject = request.query_params.get("subject_id")
        open_ = [p for p in self.injuries.proposals.values() if p["state"] == "open"]
        return _page([p for p in open_ if subject is None or p["subject_id"] == subject])

    def fund_returns(self, request: Request) -> Json:
        self._user(request, "ledger:read")
        return self.injuries.returns()

    def pension_run(self, request: Request) -> Json:
        self._user(request, "benefits:read")
        return self.injuries.run(request.path_params["month"])

    def pension_reviews(self, request: Request) -> Json:
        self._user(request, "benefits:read")
        return _page(self.injuries.reviews())

    def debt(self, request: Request) -> Json:
        self._user(request, "recoveries:read")
        found = self.injuries.debts.get(request.path_params["recovery_id"])
        if found is None:
            raise Problem(404, "workinjury-bridge.recovery.unknown", "没有这笔追偿")
        return found

    def on_debt(self, request: Request, body: Json) -> Json:
        act, debt = request.path_params["act"], self.injuries.debts[request.path_params["recovery_id"]]
        user = self._user(request, "recoveries:receive" if act == "receipts" else "recoveries:write")
        if act == "receipts":
            if body["amount_fen"] > debt["open_fen"]:
                title = f"到账金额超过未收回的 {debt['open_fen'] // 100}.00 元"
                raise Problem(422, "workinjury-bridge.recovery.beyond-debt", title, faults={"amount_fen": title})
            debt["open_fen"] -= body["amount_fen"]
            debt["recovered_fen"] += body["amount_fen"]
            debt["state"] = "partial" if debt["open_fen"] else "recovered"
            moved = {"kind": "receipt", "interest_fen": 0, **body, "maker": user, "checker": None, "booked": True}
            debt["movements"] = [*debt["movements"], {**moved, "recorded_at": "2026-11-22T09:31:00+08:00"}]
        elif act == "demand":
            debt |= {"state": "demanded", "due_on": "2026-12-02"}
        elif act == "interruptions":
            if body["on"] > county.TODAY.isoformat():
                title = "时效中断日期不能晚于今天"
                raise Problem(422, "workinjury-bridge.day.in-the-future", title, field="on")
            kept = {"kind": body["kind"], "on": body["on"], "reference": body["reference"], "actor": user}
            debt["interruptions"] = [*debt["interruptions"], {**kept, "recorded_at": "2026-11-22T09:31:00+08:00"}]
            debt |= {"limitation_on": "2029-11-20", "in_court": body["kind"] == "suit"}
        elif act == "debtor":
            if body.get("to") == "employer" and debt["case_id"] != UNINSURED:
                raise Problem(409, "workinjury-bridge.recovery.out-of-turn", "用人单位已参保，不能改由用人单位偿还")
            debt["moved_fen"] += body["amount_fen"]
            debt["open_fen"] -= body["amount_fen"]
            debt["state"] = "partial" if debt["open_fen"] else "moved"
        elif act == "liability":
            debt |= {"liability": body["share"]}
        elif act == "set-offs":
            terms = {key: body[key] for key in ("ground", "document_no", "documented_on")}
            made = {"set_off_id": "01SETOFF", "maker": user, "checker": None, "state": "proposed", "note": None}
            debt["set_offs"] = [*debt["set_offs"], {**terms, **made, "most_fen": body["amount_fen"], "applied_fen": 0}]
        elif act == "write-off":
            new = {"kind": "write-off", "name": "追偿核销", "subject_id": debt["recovery_id"], "body": body, "maker": user}
            named = {"maker_name": county.ROLES[user]["name"], "proposed_at": "2026-11-22T09:31:00+08:00", "state": "open"}
            self.injuries.proposals["01PROPOSALNEW"] = {**new, **named, "proposal_id": "01PROPOSALNEW"}
        return debt

    def on_set_off(self, request: Request, body: Json) -> Json:
        act = request.path_params["act"]
        user = self._user(request, "recoveries:approve" if act == "approve" else "recoveries:write")
        every = (s for debt in self.injuries.debts.values() for s in debt["set_offs"])
        found: Json = next(s for s in every if s["set_off_id"] == request.path_params["set_off_id"])
        found |= {"state": "standing", "checker": user} if act == "approve" else {"state": "withdrawn", "note": body["note"]}
        return found

    def on_advance(self, request: Request, body: Json) -> Json:
        act = request.path_params["act"]
        user = self._user(request, "recoveries:approve" if act in ("approve", "reject") else "recoveries:write")
        state = {"notice": "noticed", "approve": "approved", "reject": "rejected", "employer-payment": "paid"}[act]
        self.injuries.advance |= {"state": state, "checker": user, "note": body.get("note")}
        return self.injuries.advance

    def on_deduction(self, request: Request, body: Json) -> Json:
        act = request.path_params["act"]
        self._user(request, "audits:object" if act == "objection" else "audits:approve")
        state = {"objection": "objected", "confirm": "confirmed", "withdraw": "withdrawn"}[act]
        self.injuries.deduction |= {"state": state, "note": body.get("note")}
        return self.injuries.deduction

    def on_proposal(self, request: Request, _: Json) -> Json:
        proposal = self.injuries.proposals[request.path_params["proposal_id"]]
        user, act = self._user(request), request.path_params["act"]
        if act == "approve" and user == proposal["maker"]:
            raise Problem(403, "gateway.proposal.same-hand", "提出与复核不能是同一人")
        proposal |= {"state": "done" if act == "approve" else "dropped", "checker": user}
        return proposal

    def on_benefit(self, request: Request, body: Json) -> Json:
        user = self._user(request, "benefits:approve")
        self.injuries.item |= {"state": "paid", "checker": user, "note": body.get("note")}
        return self.injuries.item

    def split(self, request: Request, body: Json) -> Json:
        user = self._user(request, "conversions:split")
        ratio = {"numerator": body["numerator"], "denominator": body["denominator"]} if "numerator" in body else None
        flags = {"lines": [[line["line_id"], line["belongs"]] for line in body["lines"]], "ratio": ratio}
        self.conversion["split"] = {"flags": flags, "proposed_by": user, "state": "proposed", "decided_by": None, "note": None}
        return self.conversion

    def review_split(self, request: Request, body: Json) -> Json:
        user = self._user(request, "conversions:check")
        state = {"agree": "agreed", "dispute": "disputed", "opinion": "decided"}[request.path_params["act"]]
        self.conversion["split"] |= {"state": state, "decided_by": user, "note": body.get("note")}
        return self.conversion

    # ---- the month's end and the rarer cases ----------------------------------------------------------------------------

    def runs(self, request: Request) -> Json:
        self._user(request, "clearing:read")
        return _page(list(self.month_end.runs.values()))

    def runs_waiting(self, request: Request) -> Json:
        self._user(request, "clearing:read")
        return {"items": self.month_end.waiting()}

    def run(self, request: Request) -> Json:
        self._user(request, "clearing:read")
        found = self.month_end.runs.get(request.path_params["clearing_id"])
        if found is None:
            raise Problem(404, "workinjury-bridge.clearing.unknown", "没有这个清算")
        return found

    def propose_run(self, request: Request, body: Json) -> Json:
        return self.month_end.propose(body, self._user(request, "clearing:propose"))

    def replenish(self, request: Request, body: Json) -> Json:
        return self._propose("replenishment", "登记补足资金", body["reference"], body, self._user(request, "clearing:propose"))

    def on_run(self, request: Request, _: Json) -> Json:
        user = self._user(request, "clearing:approve")
        return self.month_end.on_run(request.path_params["clearing_id"], request.path_params["act"], user)

    def double_bills(self, request: Request) -> Json:
        self._user(request, "recoveries:read")
        return _page([d for d in self.month_end.double_bills if d["state"] == request.query_params["state"]])

    def state_facts(self, request: Request, body: Json) -> Json:
        self._user(request, "injury-cases:decide")
        self.case_facts = body
        return body

    def contest(self, request: Request, body: Json) -> Json:
        self._user(request, "injury-cases:decide")
        self.contested = True
        return body

    def on_double_bill(self, request: Request, body: Json) -> Json:
        user, clue_id = self._user(request, "recoveries:write"), request.path_params["double_bill_id"]
        if request.path_params["act"] == "confirm":
            return self._propose("double-bill", "确认重复报销", clue_id, body, user)
        clue = next(d for d in self.month_end.double_bills if d["double_bill_id"] == clue_id)
        clue |= {"state": "cleared", "maker": user, "note": body["note"]}
        return clue

    def _propose(self, kind: str, name: str, subject_id: str, body: Json, user: str) -> Json:
        new = {"kind": kind, "name": name, "subject_id": subject_id, "body": body, "maker": user}
        named = {"maker_name": county.ROLES[user]["name"], "proposed_at": "2026-11-22T09:31:00+08:00", "state": "open"}
        self.injuries.proposals["01PROPOSALNEW"] = {**new, **named, "proposal_id": "01PROPOSALNEW"}
        return {"proposal_id": "01PROPOSALNEW", "state": "open"}

    def partner_documents(self, request: Request) -> Json:
        self._user(request, "partner-documents:read")
        return _page([d for d in self.month_end.documents.values() if d["state"] == request.query_params["state"]])

    def partner_document(self, request: Request) -> Json:
        self._user(request, "partner-documents:read")
        return self.month_end.documents[request.path_params["document_id"]]

    def on_partner_document(self, request: Request, body: Json) -> Json:
        document = self.month_end.documents[request.path_params["document_id"]]
        user = self._user(request, document["scope"])
        state = {"accept": "accepted", "return": "returned"}[request.path_params["act"]]
        document |= {"state": state, "decided_by": user, "decided_at": "2026-11-22T09:31:00+08:00"}
        document["reason"] = body.get("reason", "")
        return document

    def person_dues(self, request: Request) -> Json:
        self._user(request, "settlements:read")
        return _page(self.month_end.dues)

    def payouts(self, request: Request) -> Json:
        self._user(request, "settlements:read")
        return _page([p for p in self.month_end.payouts.values() if p["state"] == request.query_params["state"]])

    def propose_payout(self, request: Request, body: Json) -> Json:
        return self.month_end.propose_payout(body["person_id"], self._user(request, "settlements:correct"))

    def on_payout(self, request: Request, _: Json) -> Json:
        user = self._user(request, "settlements:approve")
        return self.month_end.on_payout(request.path_params["payout_id"], request.path_params["act"], user)

    def recurrences(self, request: Request) -> Json:
        self._user(request, "injury-cases:read")
        return _page(_of(request, self.month_end.recurrences))

    def recur(self, request: Request, body: Json) -> Json:
        user = self._user(request, "recurrences:apply")
        new = self.month_end.recur(body)
        self.injuries.told(body["case_id"], "recurrence-applied", user, new["recurrence_id"])
        return new

    def on_recurrence(self, request: Request, body: Json) -> Json:
        act = request.path_params["act"]
        self._user(request, "recurrences:apply" if act == "withdrawal" else "injury-cases:decide")
        return self.month_end.on_recurrence(request.path_params["recurrence_id"], act, body)

    def registrations(self, request: Request) -> Json:
        self._user(request, "injury-cases:read")
        return _page(_of(request, self.month_end.registrations))

    def register_elsewhere(self, request: Request, body: Json) -> Json:
        return self.month_end.register(body, self._user(request, "out-of-area:apply"))

    def on_registration(self, request: Request, body: Json) -> Json:
        act = request.path_params["act"]
        user = self._user(request, "out-of-area:apply" if act == "cancel" else "out-of-area:check")
        (registration,) = [
            r for r in self.month_end.registrations if r["registration_id"] == request.path_params["registration_id"]
        ]
        registration |= {
            "state": {"approve": "registered", "reject": "rejected", "cancel": "cancelled"}[act],
            "checker": user,
            "note": body.get("note"),
        }
        return registration

    def stays(self, request: Request) -> Json:
        self._user(request, "injury-cases:read")
        return _page_of(request, _of(request, self.month_end.stays))

    def on_stay(self, request: Request, body: Json) -> Json:
        act = request.path_params["act"]
        self._user(request, "out-of-area:apply" if act == "allowances" else "out-of-area:check")
        return self.month_end.on_stay(request.path_params["stay_id"], act, body)

    def quarters(self, request: Request) -> Json:
        self._user(request, "clearing:read")
        return _page(self.month_end.quarters)

    def clear_quarter(self, request: Request, body: Json) -> Json:
        user = self._user(request, "clearing:propose")
        return self._propose("remote-clearing", "异地就医季度清算", body["bill_no"], body, user)

    def prefund(self, request: Request, body: Json) -> Json:
        return self._propose("prefund", "异地就医预付金", body["province"], body, self._user(request, "clearing:propose"))

    # ---- back-payment, claims on paper, benefits ------------------------------------------------------------------------

    def back_payment(self, request: Request, body: Json) -> Json:
        user = self._user(request, "injury-cases:decide")
        return self.injuries.back_paid(request.path_params["case_id"], body, user)

    def claim_on_paper(self, request: Request, body: Json) -> Json:
        user = self._user(request, "settlements:manual")
        return self.injuries.claim_on_paper(request.path_params["case_id"], body, user)

    def paper_claim(self, request: Request) -> Json:
        self._user(request, "injury-cases:read")
        return self.injuries.paper_claims[request.path_params["paper_claim_id"]]

    def on_paper_claim(self, request: Request, body: Json) -> Json:
        user = self._user(request, "settlements:approve")
        claim = self.injuries.paper_claims[request.path_params["paper_claim_id"]]
        state = {"approve": "paid", "reject": "rejected"}[request.path_params["act"]]
        claim |= {"state": state, "checker": user, "note": body.get("note")}
        return claim

    def propose_benefit(self, request: Request, body: Json) -> Json:
        user = self._user(request, "benefits:propose")
        if body["kind"] == "device" and body["device_code"] != "FJ-01":
            title = "辅助器具不在价格标准目录内"
            raise Problem(422, "workinjury-bridge.benefit.fact-missing", title, field="device_code")
        return self.injuries.propose(body["kind"], user)

    def record_wage(self, request: Request, body: Json) -> Json:
        self._user(request, "benefits:propose")
        amount = sum(body["monthly_wages_fen"]) // len(body["monthly_wages_fen"])
        self.injuries.wage = {"amount_fen": amount, "calculation": []}
        return {"own_wage_fen": amount}

    # ---- rule books ---------------------------------------------------------------------------------------------------

    def book_list(self, request: Request) -> Json:
        self._user(request, "rules:read")
        return _page(self.register.page(**{name: request.query_params.get(name) for name in ("region", "scheme", "state")}))

    def book(self, request: Request) -> Json:
        self._user(request, "rules:read")
        if request.path_params["book_id"] not in self.register.books:
            raise Problem(404, "claims.rule-book.unknown", "没有这个规则集")
        return self.register.show(request.path_params["book_id"])

    def book_diff(self, request: Request) -> Json:
        self._user(request, "rules:read")
        return self.register.diff(request.path_params["book_id"], request.query_params["against"])

    def book_jobs(self, request: Request) -> Json:
        self._user(request, "rules:read")
        return _page(self.register.jobs())

    def book_job(self, request: Request) -> Json:
        self._user(request, "rules:read")
        return self.register.look_at_job()

    def submit_book(self, request: Request, body: Json) -> Json:
        user = self._user(request, "rules:write")
        book_id = request.path_params.get("book_id")
        return self.register.submit(book_id, body["text"], body["file"], user, body.get("note", ""))

    def act_on_book(self, request: Request, body: Json) -> Json:
        act = request.path_params["act"]
        user = self._user(request, "rules:write" if act in ("lint", "shadow-run") else "rules:approve")
        return self.register.act(request.path_params["book_id"], act, user, body)

    def simulation_list(self, request: Request) -> Json:
        self._user(request, "rules:read")
        return _page([{k: v for k, v in s.items() if k != "result"} for s in self.simulations.values()])

    def simulation(self, request: Request) -> Json:
        self._user(request, "rules:read")
        if request.path_params["simulation_id"] not in self.simulations:
            raise Problem(404, "claims.simulation.unknown", "没有这个模拟测算")
        return self.simulations[request.path_params["simulation_id"]]

    def simulate(self, request: Request, body: Json) -> Json:
        user = self._user(request, "rules:simulate")
        going = {"simulation_id": "01SIMNEW", "asked_by": user, "title": body["title"], "state": "queued"}
        facts = {"folder": None, "begins_on": None, "ends_on": None, **body["facts"]}
        new = {**self.simulations[GOING], **going, "facts": facts, "progress": {"done": 0, "total": None}}
        self.simulations["01SIMNEW"] = new
        return {"simulation_id": "01SIMNEW", "state": "queued"}

    def periods(self, request: Request) -> Json:
        self._user(request, "ledger:read")
        return {"items": [{"book": request.query_params["book"], "month": month} for month in ("2026-09", "2026-08")]}

    def close_period(self, request: Request, body: Json) -> Json:
        user = self._user(request, "ledger:propose")
        return self._propose("period", "结账", f"{body['book']}-{body['month']}", body, user)

    # ---- books ------------------------------------------------------------------------------------------------------

    def books(self, request: Request) -> Json:
        self._user(request, "ledger:read")
        return _page([{"book": book.value, "name": name} for book, name in BOOK_NAMES.items()])

    def journal_list(self, request: Request) -> Json:
        self._user(request, "ledger:read")
        wanted = {name: value for name, value in request.query_params.items() if name in ("book", "settlement_id", "case_id")}
        cut = [self.injuries.deduction_journal()] if "case_id" in wanted and self.conversion["state"] == "settled" else []
        return _page([j for j in [*self.journals, *cut] if all(j[name] == value for name, value in wanted.items())])

    def trial_balance(self, request: Request) -> Json:
        self._user(request, "ledger:read")
        book, on = request.query_params["book"], request.query_params["on"]
        sums: dict[tuple[str, str], list[int]] = {}
        for journal in self.journals:
            if journal["book"] == book and journal["booked_on"] <= on:
                for line in journal["lines"]:
                    total = sums.setdefault((line["account"], line["dim"]), [0, 0])
                    total[0] += line["debit_fen"]
                    total[1] += line["credit_fen"]
        rows = [
            {
                "account": account,
                "name": ACCOUNT_NAMES[account],
                "dim": dim,
                "debit_fen": d,
                "credit_fen": c,
                "balance_fen": d - c,
            }
            for (account, dim), (d, c) in sorted(sums.items())
        ]
        debit, credit = sum(d for d, _ in sums.values()), sum(c for _, c in sums.values())
        return {
            "book": book,
            "name": "",
            "on": on,
            "rows": rows,
            "debit_fen": debit,
            "credit_fen": credit,
            "balanced": debit == credit,
        }


def _of(request: Request, items: list[Json]) -> list[Json]:
    """Those of the case and the state that are asked for."""
    wanted = {key: value for key, value in request.query_params.items() if key in ("case_id", "state")}
    return [item for item in items if all(item[key] == value for key, value in wanted.items())]


def _page(items: list[Any]) -> Json:
    return {"items": items, "next": None}


def _page_of(request: Request, items: list[Any]) -> Json:
    """As much as was asked for, and where it goes on."""
    first, limit = int(request.query_params.get("after", 0)), int(request.query_params.get("limit", 50))
    last = first + limit
    return {"items": items[first:last], "next": str(last) if last < len(items) else None}


if __name__ == "__main__":
    uvicorn.run(FakeGateway().app(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
