-- Verify pgsm:functions/write_moves on pg

select 'pgsm_private.write_moves'::regproc;
