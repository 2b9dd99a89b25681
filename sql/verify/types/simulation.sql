-- Verify pgsm:types/simulation on pg

select 'pgsm.simulation'::regtype;
