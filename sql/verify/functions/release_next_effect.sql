-- Verify pgsm:functions/release_next_effect on pg

select 'pgsm_private.release_next_effect'::regproc;
