from __future__ import annotations

from tests.governance.policies.rego import children

__all__ = ["children"]
