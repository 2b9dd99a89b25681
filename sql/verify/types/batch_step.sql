-- Verify pgsm:types/batch_step on pg

select 'pgsm_private.batch_step'::regtype;
