-- Verify pgsm:functions/held_back_until on pg

select 'pgsm_private.held_back_until'::regproc;
