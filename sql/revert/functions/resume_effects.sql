-- Revert pgsm:functions/resume_effects from pg

begin;

drop function pgsm.resume_effects;

commit;
