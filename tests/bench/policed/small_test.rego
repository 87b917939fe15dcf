package bench.small_test

import data.bench.health
import data.bench.small

test_nothing_known_proposes if small.tier == "propose" with input as {}

test_nothing_known_is_not_red if health.tier == "commit" with input as {}
