package bench.small

default tier := "propose"

tier := "execute" if small

reasons contains "not_small" if not small

small if {
	input.amount.minor <= 50000
	input.evidence.score >= 9200
	input.counts.run <= 1
	every kind in {"contract", "velocity"} {
		input.evidence.signals[kind] == "green"
	}
	input.ceilings.project.order >= 3
	input.standing.cooldown == false
}
