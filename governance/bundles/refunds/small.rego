# What a refund needs to run by itself. Anything missing, undefined or of another type leaves it at propose.
package placet.refunds.small

most_minor := 50000

least_score := 9200

# with this one fewer than three
most_before := 1

needed := {"contract", "tool_health", "velocity"}

default tier := "propose"

tier := "execute" if {
	amount_small
	evidence_strong
	few_in_run
	health_green
	ceiling_enough
	not_cooling
}

amount_small if {
	is_number(input.amount.minor)
	input.amount.minor <= most_minor
}

evidence_strong if {
	is_number(input.evidence.score)
	input.evidence.score >= least_score
}

few_in_run if {
	is_number(input.counts.run)
	input.counts.run <= most_before
}

health_green if {
	every kind in needed {
		input.evidence.signals[kind] == "green"
	}
}

# by order, never by name: "propose" sorts after "execute"
ceiling_enough if {
	is_number(input.ceilings.project.order)
	input.ceilings.project.order >= 3
}

not_cooling if input.standing.cooldown == false

reasons contains "amount_unknown" if not is_number(input.amount.minor)

reasons contains "amount_large" if {
	is_number(input.amount.minor)
	not amount_small
}

reasons contains "evidence_thin" if not evidence_strong

reasons contains "count_unknown" if not is_number(input.counts.run)

reasons contains "many_in_run" if {
	is_number(input.counts.run)
	not few_in_run
}

reasons contains "health_not_green" if not health_green

reasons contains "ceiling_low" if not ceiling_enough

reasons contains "cooling_down" if not not_cooling
