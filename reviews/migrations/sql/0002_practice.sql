-- What was answered in practice, and who may take real cases since, is written once and with its ledger entry.
select placet_append_only(t::regclass) from unnest(array['reviews_practiceanswer', 'reviews_practised']) t;
select placet_governed(t::regclass) from unnest(array['reviews_practiceanswer', 'reviews_practised']) t;
