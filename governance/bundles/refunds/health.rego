# Red health stops refunds, whoever would approve them.
package placet.refunds.health

default tier := "commit"

tier := "halt" if red

reasons contains "health_red" if red

red if some_signal("red")

some_signal(colour) if {
	some kind in {"contract", "tool_health", "velocity"}
	input.evidence.signals[kind] == colour
}
