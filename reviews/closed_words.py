"""Words and turns of our own that Python puts together and that are no whole sentence: listed to be translated.

A name in braces is a slot. `label` is printed as it is, so is `figure`, a number; other slots hold words of this list.
"""

from __future__ import annotations

from governance.policy.tiers import LEVEL_NAMES, TIERS

TIER_WORDS = tuple(
    words for row in TIERS for words in (row.action_class, row.surface, row.risk_profile, row.downgrade_trigger)
)
WORDS = (
    *TIER_WORDS,
    *LEVEL_NAMES.values(),
    # risks, outcomes, signals, results
    "low", "medium", "high", "execute", "escalate", "refuse", "green", "amber", "red", "unknown", "read", "draft",
    "act", "agrees", "differs", "missing", "unreachable", "stale", "unverifiable", "not claimed", "matches", "no match",
    # what becomes of an action, a run, a grant, a draw
    "decided", "executing", "executed", "succeeded", "failed", "abandoned", "expired", "withdrawn", "refused",
    "escalated", "approved", "rejected", "granted", "redeemed", "reported", "rolled back", "partly done",
    "not reported", "requested", "confirmed", "void", "active", "suspended", "retired", "sound", "unsound",
    "superseded", "closed", "open", "taken", "acknowledged", "advisory", "soft mandatory", "hard mandatory",
    # what has a halt, a ceiling, a cap, a standing
    "enterprise", "domain", "project", "agent", "action type", "action_type", "own reports", "the agent itself",
    "enterprise {label}", "domain {label}", "project {label}", "agent {label}", "action type {label}",
    "ancestor {label}", "level of ancestor {label}", "recovery of {name}", "policy {label}", "evidence {label}",
    "halt {label}", "standing", "standing {whose}", "level {label} at low risk", "level {label} at medium risk",
    "level {label} at high risk", "The standing of {whose} must rise to {label}",
    "level", "policy", "evidence", "request", "guardrail", "ceiling", "no limiter", "not set",
    "enterprise not set", "domain not set", "project not set", "agent not set",
    "{name}: ceiling {label}", "enterprise {name}: ceiling {label}",
    "{name}: OBSERVE", "{name}: PROPOSE", "{name}: EXECUTE", "{name}: COMMIT",
    "{name}: HALT", "evidence: {name}", "request: {name}", "of this agent", "for this action type", "for {whose}",
    "this agent for this action type", "this agent for {whose}", "the agent above, {label},",
    "sub-agent {place} of {label}", "agent above {label}", "Enterprise {label}", "Domain {label}", "Project {label}",
    "Agent {label}", "Action type {label}", "Enterprise", "Domain", "Project", "Agent", "Action type",
    "until a person restores it", "until its evidence is green again", "until {label} at the earliest",
    "until its open cases are down to half", "until reviews show too many errors no longer",
    "this run", "this agent", "this agent's chain of delegation", "this owner's agents", "this project",
    "this domain", "the enterprise", "this record", "this customer", "this user", "this account", "this order",
    "this run, below one agent of the chain", "one agent of the chain", "one chain of delegation",
    "the agents of one owner in the chain", "one project of the chain", "one domain of the chain",
    "amount not known", "no cap", "this {label}",
    # reasons that every council starts with
    "The facts differ from the request", "This is somebody else's record", "The record could not be verified",
    "Too much for this customer or agent", "Our policy does not allow it", "The action is not needed",
    "(not shown)", "(not verified)", "(not recorded)", "rank {figure}", "under 1 h", "1 to 4 h",
    "4 to 24 h", "over 24 h", "Reports of agents", "Readings of records", "Contract", "Completeness", "Confidence",
    # evidence
    "Tool health", "Contract integrity", "Data completeness", "Velocity", "Novelty", "Error rate", "Uncertainty",
    "tool health", "contract integrity", "data completeness", "velocity", "novelty", "error rate", "uncertainty",
    "Connector health", "tool health of {label}",
    # time
    "just now", "time is up", "{figure} s ago", "{figure} min ago", "{figure} h ago", "{figure} day ago",
    "{figure} days ago", "{time} left", "{figure} s", "{figure} min", "{figure} h", "{figure} days", "{figure} day",
    "{label} at {figure}, pinned {day}",
    "{figure} hour", "{figure} hours", "{figure} minute", "{figure} minutes", "{figure} seconds", "{figure} actions",
    "{figure} action", "at once",
    # what is said of a value that is not printed
    "nothing", "yes", "no", "stated", "not stated", "recorded", "not recorded", "not reachable", "too old",
    "the request", "not verified", "not shown", "a number out of range", "the subject, not shown", "an empty list",
    "text of {figure} character", "text of {figure} characters", "sealed text, {figure} character",
    "sealed text, {figure} characters", " and {figure} more", " and more", "{figure} further part",
    "{figure} further parts",
    # what stands beside the facts
    "Who asked", "whose record", "who is paid", "Nobody's record", "no change", "another text", "on file, not shown",
    "this record belongs to somebody else than who asked", "who asked is not known",
    "who is paid is not known to belong to this record", "who is paid is not known", "Payee",
    "whether this account was paid before is not known", "first payment to this account", "paid once before",
    "paid {figure} times before", ", since ", "another text, {figure} characters",
    "on file, not shown, {figure} characters", "cannot be computed from the record",
    # what-if
    "no permission", "known", "without a rate", "answers", "unavailable", "does not grant", "grants",
    "Amount in {label}", "Quantity", "Level", "Currency", "Standing", "Policy allows", "Policy",
    "Policy inside the guardrail",
    "Grants in the guardrail's window", "All facts", "Stated confidence", "not read",
    # what refuses before any tier is compared
    "halt: {name}", "not active: {label}", "permission: none for this action type", "delegation: not in force",
    "permission: none above for this action type", "decision: could not be completed",
    # figures
    "{figure} wait", "{figure} waits", " ({pending})", "; {pending}",
    "{figure} used, this would make {label}, the cap is {limit}",
    "The cap of {limit} in {window} for {whose}", "this action", "{figure} grant in {window}",
    "{figure} grants in {window}", "public", "internal", "confidential", "restricted",
    # who decides
    "another reviewer",
    # guardrails
    "{figure} is over {limit}", "with it there would be {figure} grants in {window}, over {limit}",
    "no policy that covers it grants it", "the amount is not known",
    "its quantity is over the threshold of its type", "its class of data is over the threshold of its type",
)  # fmt: skip
