-- Verify pgsm:functions/resume_instance on pg

select 'pgsm.resume_instance'::regproc;
