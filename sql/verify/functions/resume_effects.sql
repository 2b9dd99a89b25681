-- Verify pgsm:functions/resume_effects on pg

select 'pgsm.resume_effects'::regproc;
