-- Verify pgsm:functions/instance_facts on pg

select 'pgsm_private.instance_facts'::regproc;
