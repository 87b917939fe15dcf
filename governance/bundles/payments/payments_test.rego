package placet.payments_test

import data.placet.payments.known

base := {
	"amount": {"minor": 76000},
	"evidence": {"signals": {"contract": "green", "tool_health": "green", "velocity": "green"}},
	"facts": [
		{"name": "payee", "result": "agrees", "required": true, "claimed": true},
		{"name": "balance", "result": "missing", "required": false, "claimed": false},
	],
	"facts_read": true,
}

with_fact(fact) := object.union(base, {"facts": [base.facts[0], fact]})

test_a_known_payee_is_granted if {
	known.tier == "commit" with input as base
	count(known.reasons) == 0 with input as base
}

test_a_thousand_is_granted_and_a_cent_more_is_not if {
	known.tier == "commit" with input as object.union(base, {"amount": {"minor": 100000}})
	more := object.union(base, {"amount": {"minor": 100001}})
	known.tier == "propose" with input as more
	known.reasons == {"amount_large"} with input as more
}

test_nothing_known_proposes if known.tier == "propose" with input as {}

test_no_amount_proposes if {
	known.reasons == {"amount_unknown"} with input as object.union(base, {"amount": null})
}

test_a_fact_that_differs_proposes if {
	given := with_fact({"name": "iban", "result": "differs", "required": true, "claimed": true})
	known.tier == "propose" with input as given
	known.reasons == {"facts_open"} with input as given
}

test_a_claim_that_the_record_does_not_have_proposes if {
	given := with_fact({"name": "balance", "result": "missing", "required": false, "claimed": true})
	known.tier == "propose" with input as given
}

test_no_facts_propose if known.tier == "propose" with input as object.union(base, {"facts": []})

test_facts_that_were_not_read_first_propose if {
	known.reasons == {"facts_not_read"} with input as object.union(base, {"facts_read": false})
}

test_amber_proposes if {
	amber := {"evidence": {"signals": {"tool_health": "amber"}}}
	known.tier == "propose" with input as object.union(base, amber)
}
