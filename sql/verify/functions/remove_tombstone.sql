-- Verify pgsm:functions/remove_tombstone on pg

select 'pgsm_private.remove_tombstone'::regproc;
