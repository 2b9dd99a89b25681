-- Verify pgsm:types/upgrade_turn on pg

select 'pgsm.upgrade_turn'::regtype;
