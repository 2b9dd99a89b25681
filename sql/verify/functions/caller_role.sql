-- Verify pgsm:functions/caller_role on pg

select 'pgsm_private.caller_role'::regproc;
