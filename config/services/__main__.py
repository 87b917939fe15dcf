from __future__ import annotations

import sys
from pathlib import Path

from config.services import keeper
from config.services.process import ServiceError


def main(arguments: list[str]) -> int:
    match arguments:
        case ["keep", state]:
            keeper.keep(Path(state))
            return 0
        case _:
            raise ServiceError("Usage: python -m config.services demo|up|run|clean")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ServiceError as error:
        sys.exit(str(error))
