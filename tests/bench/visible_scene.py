"""An agent and a signed-in reviewer for `tests.bench.visible`, as a process of its own. Prints key and session."""

from __future__ import annotations

import json
import os
import sys

from tests.bench import scene  # first: it sets Django up

from governance import enrol, mandates  # isort: skip
from governance.actors import REVIEWER  # isort: skip
from governance.policy.tiers import Risk  # isort: skip
from reviews.practise import waive_practice  # isort: skip
from tests.support.clients import SurfaceClient  # isort: skip


def main() -> None:
    scene.load_records(os.environ["PLACET_RECORDS_OWNER_URL"], "placet_reader")
    key = scene.build()
    person = enrol.enrol("ada", groups=[REVIEWER], by=scene.BY)
    waive_practice(person, by=scene.BY)
    mandates.set_mandate(person, rank=3, money_limit=10**9, max_risk=Risk.HIGH, by=scene.BY)
    client = SurfaceClient(SERVER_NAME="localhost")
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    sys.stdout.write(json.dumps({"key": key, "cookie": client.cookies["placet_session"].value}))


if __name__ == "__main__":
    main()
