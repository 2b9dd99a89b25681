-- Revert pgsm:functions/extend_deadlines from pg

begin;

drop function pgsm_private.extend_deadlines;

commit;
