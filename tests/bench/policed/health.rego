package bench.health

default tier := "commit"

tier := "halt" if red

reasons contains "health_red" if red

red if {
	some kind in {"contract", "velocity"}
	input.evidence.signals[kind] == "red"
}
