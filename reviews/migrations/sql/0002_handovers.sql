-- What was handed on or skipped, and what joined a case, is written once and with its ledger entry.
select placet_append_only(t::regclass) from unnest(array['reviews_handover', 'reviews_repeat']) t;
select placet_governed(t::regclass) from unnest(array['reviews_handover', 'reviews_repeat']) t;
