-- What a mandate names is part of the mandate: no row of it changes without a ledger entry.
select placet_governed('governance_qualification');
