-- Revert pgsm:functions/drop_delayed from pg

begin;

drop function pgsm_private.drop_delayed;

commit;
