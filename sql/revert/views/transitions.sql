-- Revert pgsm:views/transitions from pg

begin;

drop view pgsm.transitions;

commit;
