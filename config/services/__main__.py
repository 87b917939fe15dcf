from __future__ import annotations

import sys
from pathlib import Path

from config.services import demo, keeper, local
from config.services.process import Family, ServiceError, locked
from config.services.stack import BASE, forget

USAGE = "Usage: python -m config.services demo | up | clean"


def main(arguments: list[str]) -> int:
    match arguments:
        case ["demo"]:
            return demo.run()
        case ["up"]:
            return demo.run(stack_only=True)
        case ["clean"]:
            return clean()
        case ["keep", state]:
            keeper.keep(Path(state))
            return 0
        case _:
            raise ServiceError(USAGE)


def clean() -> int:
    """Remove the local data of this checkout, wherever it had to be kept."""
    for lock, state in ((local.LOCK, local.STATE), (BASE / "var/test/keeper.lock", BASE / "var/test")):
        with locked(lock, wait=False) as free:
            if not free:
                raise ServiceError(f"{state.name} services are still running; stop them first.")
            Family(state).stop_stale()
            forget(state)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ServiceError as error:
        sys.exit(str(error))
