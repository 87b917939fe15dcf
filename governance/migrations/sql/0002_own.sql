-- The records that are a person's own are governed like their mandate.
select placet_governed('governance_account');
