-- Verify pgsm:functions/resume_machine on pg

select 'pgsm.resume_machine'::regproc;
