-- Verify pgsm:functions/register_runner on pg

select 'pgsm.register_runner'::regproc;
