-- Verify pgsm:functions/keep_moved_effects on pg

select 'pgsm_private.keep_moved_effects'::regproc;
