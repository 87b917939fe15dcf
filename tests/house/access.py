"""Who may reach which URL: one table for both surfaces. A URL that is not in it fails the build.

To add a view, add its line to the list of its surface:

    Rule("queue/", GET=READERS)                              # other methods: 405 for whoever is let in
    Rule("escalations/<uuid:case>/approve/", POST=JUDGES)    # a placeholder takes its value from SAMPLES
    Rule("api/v1/actions/<uuidstr:id>/", GET={OWN}, id="action")   # or from the test's World, by name
    Rule("^(?P<app>a|b)/$", GET=READERS, path="a/")          # a regular expression gives its path itself

`GET` stands for HEAD as well. Let in means any answer but 401, 403, 405, a server error or the way to the
login page: a 404 for a case that does not exist is the answer of a view that let its caller in. Refused
means one of 401, 403 or the login page; for somebody else's key also 404, which tells nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

ANONYMOUS, STRANGER, SUPERUSER = "anonymous", "stranger", "superuser without a group"
REVIEWER, COUNCIL, AUDITOR, OPERATOR = "reviewer", "council", "auditor", "operator"
OWNER = "owner of an agent without a group"
PEOPLE = (ANONYMOUS, STRANGER, SUPERUSER, REVIEWER, COUNCIL, AUDITOR, OPERATOR, OWNER)
SIGNED_IN = frozenset(PEOPLE) - {ANONYMOUS}
READERS = frozenset({REVIEWER, COUNCIL, AUDITOR})
WATCHERS = READERS | {OPERATOR}
OVERSEERS = frozenset({COUNCIL, AUDITOR})
JUDGES = frozenset({REVIEWER})
SEATED = frozenset({COUNCIL})

NO_KEY, WRONG_KEY, OTHER, OWN = "no key", "a wrong key", "another agent's key", "the agent's key"
AGENTS = (NO_KEY, WRONG_KEY, OTHER, OWN)
KEYED = frozenset({OTHER, OWN})

EVERYONE = frozenset({*PEOPLE, *AGENTS})

# What a placeholder of this converter is filled with: nothing that exists.
SAMPLES = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uuidstr": "00000000-0000-4000-8000-000000000000",
    "int": "999999999",
    "path": "999999999",
    "slug": "nothing",
    "str": "nothing",
}


@dataclass(frozen=True)
class Rule:
    """Who is let in by which method; `samples` name objects of the world for placeholders."""

    route: str
    who: dict[str, frozenset[str]]
    samples: dict[str, str]
    path: str
    body: dict[str, Any]

    def __init__(
        self,
        route: str,
        *,
        GET: Collection[str] = (),  # noqa: N803 - as the method is called
        POST: Collection[str] = (),  # noqa: N803
        path: str = "",
        body: dict[str, Any] | None = None,
        **samples: str,
    ) -> None:
        who = {"GET": frozenset(GET), "HEAD": frozenset(GET), "POST": frozenset(POST)}
        object.__setattr__(self, "route", route)
        object.__setattr__(self, "who", {method: roles for method, roles in who.items() if roles})
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "path", path or route)
        object.__setattr__(self, "body", body or {})


def _form(route: str, roles: Collection[str]) -> Rule:
    return Rule(route, GET=roles, POST=roles)


def _desk(model: str, object_id: str, *, adds: bool = True, changes: bool = True) -> Iterable[Rule]:
    """The pages that Django's admin makes for a model: the council writes, auditors look, nobody deletes."""
    at = f"council/{model}/"
    one = f"{at}<path:object_id>/"
    yield Rule(at, GET=OVERSEERS, POST=SEATED)
    yield Rule(f"{at}add/", GET=SEATED if adds else (), POST=SEATED if adds else ())
    yield Rule(f"{one}change/", GET=OVERSEERS, POST=SEATED if changes else (), object_id=object_id)
    yield Rule(f"{one}history/", GET=OVERSEERS, POST=OVERSEERS, object_id=object_id)
    yield Rule(f"{one}delete/", object_id=object_id)
    yield Rule(one, GET=OVERSEERS, POST=OVERSEERS, object_id=object_id)  # a redirect to change/


WEB = (
    # -- signing in ------------------------------------------------------------------------------
    _form("accounts/login/", PEOPLE),
    _form("accounts/logout/", PEOPLE),
    Rule("accounts/inactive/", GET=PEOPLE),
    _form("accounts/reauthenticate/", SIGNED_IN),
    _form("accounts/password/change/", SIGNED_IN),
    Rule("accounts/password/set/", GET=SIGNED_IN),
    Rule("accounts/sso/", GET=PEOPLE),  # 404 where no provider is configured
    Rule("accounts/sso/callback/", GET=PEOPLE),
    _form("accounts/welcome/<str:token>/", PEOPLE),
    _form("accounts/2fa/webauthn/login/", SIGNED_IN),  # without a passkey one is sent back to the login page
    Rule("accounts/2fa/", GET=SIGNED_IN),
    _form("accounts/2fa/authenticate/", SIGNED_IN),
    _form("accounts/2fa/reauthenticate/", SIGNED_IN),
    _form("accounts/2fa/totp/activate/", SIGNED_IN),
    _form("accounts/2fa/totp/deactivate/", SIGNED_IN),
    Rule("accounts/2fa/recovery-codes/", GET=SIGNED_IN),
    _form("accounts/2fa/recovery-codes/generate/", SIGNED_IN),
    _form("accounts/2fa/recovery-codes/download/", SIGNED_IN),
    Rule("accounts/2fa/webauthn/", GET=SIGNED_IN),
    _form("accounts/2fa/webauthn/add/", SIGNED_IN),
    _form("accounts/2fa/webauthn/reauthenticate/", SIGNED_IN),
    _form("accounts/2fa/webauthn/keys/<int:pk>/remove/", SIGNED_IN),
    _form("accounts/2fa/webauthn/keys/<int:pk>/edit/", SIGNED_IN),
    # -- the console -----------------------------------------------------------------------------
    Rule("", GET=WATCHERS),
    Rule("preferences/", GET=SIGNED_IN),
    Rule("preferences/choose/", POST=SIGNED_IN),
    Rule("absences/", GET=JUDGES),
    Rule("absences/leave/", POST=JUDGES),
    Rule("absences/<int:absence>/end/", POST=JUDGES),
    Rule("security/", GET=SIGNED_IN),
    Rule("security/sessions/<int:session>/end/", POST=SIGNED_IN),
    Rule("security/sessions/end-others/", POST=SIGNED_IN),
    Rule("verdicts/", GET=JUDGES),
    Rule("lead/", GET=WATCHERS),  # a reviewer of rank 2 and above
    Rule("search/", GET=WATCHERS),
    Rule("queue/", GET=READERS),
    Rule("queue/next/", GET=JUDGES),
    Rule("queue/then/", POST=JUDGES),
    Rule("escalations/<uuid:case>/", GET=READERS),
    Rule("escalations/<uuid:case>/clock/", GET=READERS),
    Rule("escalations/<uuid:case>/take/", POST=JUDGES),
    Rule("escalations/<uuid:case>/release/", POST=JUDGES),
    Rule("escalations/<uuid:case>/extend/", POST=JUDGES),
    Rule("escalations/<uuid:case>/renew/", POST=JUDGES),
    Rule("escalations/<uuid:case>/hand-over/", POST=JUDGES),
    Rule("escalations/<uuid:case>/hand-up/", POST=JUDGES),
    Rule("escalations/<uuid:case>/skip/", POST=JUDGES),
    Rule("escalations/<uuid:case>/verify/", POST=JUDGES),
    Rule("escalations/<uuid:case>/over-facts/", GET=JUDGES),
    Rule("escalations/<uuid:case>/approve-over-facts/", POST=JUDGES),
    Rule("escalations/<uuid:case>/approve/", POST=JUDGES),
    Rule("escalations/<uuid:case>/reject/", POST=JUDGES),
    Rule("escalations/<uuid:case>/acknowledge/", POST=JUDGES),
    Rule("escalations/<uuid:case>/request-binding/", POST=JUDGES),
    Rule("escalations/<uuid:case>/verdicts/<int:verdict>/withdraw/", POST=JUDGES),
    Rule("escalations/<uuid:case>/lacks/", GET=JUDGES),
    Rule("escalations/<uuid:case>/lacks/tell/", POST=JUDGES),
    Rule("practice/", GET=JUDGES),
    Rule("practice/<slug:key>/", GET=JUDGES),
    Rule("practice/<slug:key>/answer/", POST=JUDGES, body={"verdict": "reject"}),
    Rule("lacks/", GET=OVERSEERS | {OPERATOR}),
    Rule("lacks/answer/", POST=SEATED),
    Rule("spot-reviews/", GET=READERS),
    Rule("spot-reviews/next/", GET=JUDGES),
    Rule("sealed/<uuid:action>/", GET=SEATED),
    Rule("sealed/<uuid:action>/open/", POST=SEATED),
    Rule("spot-reviews/<uuid:draw>/", GET=READERS),
    Rule("spot-reviews/<uuid:draw>/look/", POST=JUDGES),
    Rule("spot-reviews/<uuid:draw>/sound/", POST=JUDGES),
    Rule("spot-reviews/<uuid:draw>/unsound/", POST=JUDGES),
    Rule("decisions/<uuid:action>/", GET=READERS),
    Rule("alerts/", GET=SIGNED_IN),
    Rule("alerts/acknowledge/", POST=SIGNED_IN),
    Rule("notices/", GET=SIGNED_IN),
    Rule("notices/new/", GET=SIGNED_IN),
    Rule("notices/dead/", GET=OVERSEERS | {OPERATOR}),
    Rule("notices/send-again/", POST=SEATED | {OPERATOR}),
    Rule("traces/<str:trace>/", GET=READERS),
    Rule("agents/", GET=WATCHERS),
    Rule("agents/<uuid:agent>/", GET=WATCHERS),
    Rule("agents/<uuid:agent>/pull/", POST=WATCHERS),
    Rule("agents/<uuid:agent>/restore/", POST=SEATED),
    Rule("halts/", GET=WATCHERS),
    Rule("halts/new/", GET=WATCHERS),
    Rule("halts/declare/", POST=WATCHERS),
    Rule("halts/<int:halt>/", GET=WATCHERS),
    Rule("halts/<int:halt>/release/", GET=SEATED),
    Rule("halts/<int:halt>/lift/", POST=SEATED),
    Rule("halts/<int:halt>/end-recovery/", POST=SEATED),
    Rule("health/", GET=WATCHERS),
    Rule("authority/", GET=OVERSEERS | {OPERATOR}),
    Rule("authority/<str:key>/lower/", POST=SEATED | {OPERATOR}),
    Rule("what-if/", GET=SEATED),
    # -- the council's desk ----------------------------------------------------------------------
    Rule("council/", GET=OVERSEERS, POST=OVERSEERS),
    Rule("council/login/", GET=PEOPLE, POST=PEOPLE),  # a redirect to accounts/login/
    Rule("council/logout/", GET={ANONYMOUS}, POST=OVERSEERS | {ANONYMOUS}),  # nobody is led to council/
    Rule("council/password_change/", GET=OVERSEERS, POST=OVERSEERS),
    Rule("council/password_change/done/", GET=OVERSEERS),
    Rule("council/autocomplete/"),
    Rule("council/jsi18n/", GET=OVERSEERS),
    Rule("council/r/<path:content_type_id>/<path:object_id>/", GET=OVERSEERS, POST=OVERSEERS),
    Rule("council/^(?P<app_label>governance|auth|reviews)/$", GET=OVERSEERS, POST=OVERSEERS, path="council/auth/"),
    Rule("council/(?P<url>.*)$", GET=OVERSEERS, POST=OVERSEERS, path="council/nothing/"),
    *_desk("governance/scope", "scope"),
    *_desk("governance/instance", "instance", adds=False, changes=False),
    *_desk("governance/agent", "agent"),
    *_desk("governance/agentkey", "agent_key", changes=False),
    *_desk("governance/permission", "permission"),
    *_desk("governance/ticket", "ticket", adds=False, changes=False),
    Rule("council/governance/actiontype/import/", GET=SEATED, POST=SEATED),
    *_desk("governance/actiontype", "action_type"),
    *_desk("governance/binding", "binding"),
    *_desk("governance/watch", "watch"),
    *_desk("governance/mandate", "mandate"),
    *_desk("governance/bundleversion", "bundle_version", changes=False),
    *_desk("governance/halt", "halt", changes=False),
    *_desk("governance/rate", "rate", changes=False),
    *_desk("governance/ledgerentry", "entry", adds=False, changes=False),
    *_desk("auth/user", "person"),
    *_desk("reviews/rejectreason", "reject_reason", changes=False),
    *_desk("reviews/practised", "practised", changes=False),
    *_desk("reviews/bindingrequest", "binding_request", adds=False, changes=False),
)  # fmt: skip

ASK = {
    "action_type": "bench.refund",
    "parameters": {"customer": "c-1", "amount": {"amount": "10.00", "currency": "USD"}},
    "run": "run-1",
}

DELEGATE = {"child": "Drafter", "action_types": ["bench.refund"], "expires_in": 60}

API = (
    Rule("api/v1/", GET=AGENTS),
    Rule("api/v1/actions/", POST=KEYED, body=ASK),
    Rule("api/v1/actions/<uuidstr:id>/", GET={OWN}, id="action"),
    Rule("api/v1/actions/<uuidstr:id>/report/", POST={OWN}, id="action", body={"status": "succeeded"}),
    Rule("api/v1/actions/<uuidstr:id>/checkpoint/", POST={OWN}, id="action"),
    Rule("api/v1/actions/<uuidstr:id>/withdraw/", POST={OWN}, id="action"),
    Rule("api/v1/escalations/", POST=KEYED, body=ASK | {"reason": "uncertain"}),
    Rule("api/v1/escalations/<uuidstr:id>/", GET={OWN}, id="escalation"),
    Rule("api/v1/grants/<uuidstr:id>/redeem/", POST={OWN}, id="grant", body={"digest": "0" * 64}),
    Rule("api/v1/agents/", POST=KEYED, body={"name": "drafter"}),
    Rule("api/v1/keys/", POST=KEYED),
    Rule("api/v1/delegations/", POST=KEYED, body=DELEGATE),
    Rule("api/v1/delegations/<uuidstr:id>/end/", POST={OWN}, id="ticket"),
    Rule("api/v1/signals/", POST=KEYED, body={"tool": "nothing", "outcomes": [{"status": "up"}]}),
    Rule("api/v1/errors/", GET=AGENTS),
    Rule("api/v1/errors/<slug:code>/", GET=AGENTS),
    Rule("api/v1/openapi.json", GET=AGENTS),
    Rule(".well-known/jwks.json", GET=AGENTS),
    # the last one: afterwards the key is nobody's
    Rule("api/v1/keys/revoke/", POST=KEYED),
)

HEALTH = (Rule("livez", GET=PEOPLE), Rule("readyz", GET=PEOPLE))
