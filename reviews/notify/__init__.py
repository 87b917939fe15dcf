"""People are told: an outbox of notices, a channel at a time, never on the path of a decision."""
