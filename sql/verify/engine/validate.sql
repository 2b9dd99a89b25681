-- Verify pgsm:engine/validate on pg

select 'pgsm_engine.validate'::regproc;
