-- Verify pgsm:functions/tell_parent on pg

select 'pgsm_private.tell_parent'::regproc;
