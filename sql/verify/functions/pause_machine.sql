-- Verify pgsm:functions/pause_machine on pg

select 'pgsm.pause_machine'::regproc;
