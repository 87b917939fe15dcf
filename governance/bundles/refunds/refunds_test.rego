package placet.refunds_test

import data.placet.refunds.health
import data.placet.refunds.small

base := {
	"amount": {"minor": 48000},
	"evidence": {
		"score": 10000,
		"signals": {"contract": "green", "tool_health": "green", "velocity": "green"},
	},
	"counts": {"run": 0},
	"ceilings": {"project": {"name": "execute", "order": 3}},
	"standing": {"cooldown": false},
}

with_signal(kind, colour) := object.union(base, {"evidence": {"signals": {kind: colour}}})

test_a_small_refund_executes if small.tier == "execute" with input as base

test_no_reason_is_given_for_it if count(small.reasons) == 0 with input as base

test_five_hundred_executes if {
	small.tier == "execute" with input as object.union(base, {"amount": {"minor": 50000}})
}

test_a_cent_more_does_not if {
	given := object.union(base, {"amount": {"minor": 50001}})
	small.tier == "propose" with input as given
	small.reasons == {"amount_large"} with input as given
}

test_nothing_known_proposes if small.tier == "propose" with input as {}

test_the_second_refund_executes_and_the_third_does_not if {
	small.tier == "execute" with input as object.union(base, {"counts": {"run": 1}})
	small.tier == "propose" with input as object.union(base, {"counts": {"run": 2}})
}

test_a_score_under_the_threshold_proposes if {
	small.tier == "propose" with input as object.union(base, {"evidence": {"score": 9199}})
}

test_a_low_ceiling_proposes if {
	low := {"ceilings": {"project": {"name": "propose", "order": 2}}}
	small.reasons == {"ceiling_low"} with input as object.union(base, low)
}

test_zero_is_not_false if {
	small.tier == "propose" with input as object.union(base, {"standing": {"cooldown": 0}})
}

test_amber_proposes if small.tier == "propose" with input as with_signal("tool_health", "amber")

test_red_halts if {
	health.tier == "halt" with input as with_signal("contract", "red")
	health.reasons == {"health_red"} with input as with_signal("contract", "red")
}

test_green_and_amber_do_not_halt if {
	health.tier == "commit" with input as base
	health.tier == "commit" with input as with_signal("tool_health", "amber")
}
