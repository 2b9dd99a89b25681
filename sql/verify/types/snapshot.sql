-- Verify pgsm:types/snapshot on pg

select 'pgsm.snapshot'::regtype;
