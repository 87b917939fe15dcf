-- More time is given once, with its ledger entry, and stays as it was given.
select placet_append_only('reviews_extension');
select placet_governed('reviews_extension');
