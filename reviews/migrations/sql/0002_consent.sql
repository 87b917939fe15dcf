-- What was handed to whom, and when, is written once, with its ledger entry.
select placet_append_only('reviews_showing');
select placet_governed('reviews_showing');
-- Only an approval goes against a fact, says why and which.
alter table reviews_verdict add constraint verdict_only_an_approval_goes_against_facts
  check ((facts_override = '') = (cardinality(overridden) = 0) and (facts_override = '' or approve));
