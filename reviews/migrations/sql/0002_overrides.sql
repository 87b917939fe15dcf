-- Why a rule of policy was overridden is part of the verdict: only an approval has it, and it never changes.
alter table reviews_verdict add constraint verdict_only_an_approval_overrides
  check (override_reason = '' or approve);
