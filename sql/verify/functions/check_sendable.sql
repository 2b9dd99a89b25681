-- Verify pgsm:functions/check_sendable on pg

select 'pgsm_private.check_sendable'::regproc;
