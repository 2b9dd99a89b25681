-- Revert pgsm:functions/resume_machine from pg

begin;

drop function pgsm.resume_machine;

commit;
