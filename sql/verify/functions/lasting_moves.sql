-- Verify pgsm:functions/lasting_moves on pg

select 'pgsm_private.lasting_moves'::regproc;
