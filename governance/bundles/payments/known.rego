# What a payment needs to be granted. Anything missing, undefined or of another type leaves it at propose.
package placet.payments.known

most_minor := 100000

needed := {"contract", "tool_health", "velocity"}

default tier := "propose"

tier := "commit" if {
	amount_small
	input.facts_read == true
	facts_agree
	health_green
}

amount_small if {
	is_number(input.amount.minor)
	input.amount.minor <= most_minor
}

facts_agree if {
	count(input.facts) > 0
	every fact in input.facts {
		settled(fact)
	}
}

settled(fact) if fact.result == "agrees"

# nobody needs it and nobody stated it
settled(fact) if {
	fact.required == false
	fact.claimed == false
}

health_green if {
	every kind in needed {
		input.evidence.signals[kind] == "green"
	}
}

reasons contains "amount_unknown" if not is_number(input.amount.minor)

reasons contains "amount_large" if {
	is_number(input.amount.minor)
	not amount_small
}

reasons contains "facts_not_read" if not input.facts_read == true

reasons contains "facts_open" if not facts_agree

reasons contains "health_not_green" if not health_green
