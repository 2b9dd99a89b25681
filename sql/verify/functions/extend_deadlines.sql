-- Verify pgsm:functions/extend_deadlines on pg

select 'pgsm_private.extend_deadlines'::regproc;
