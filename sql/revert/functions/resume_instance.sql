-- Revert pgsm:functions/resume_instance from pg

begin;

drop function pgsm.resume_instance;

commit;
