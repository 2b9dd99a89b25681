-- Revert pgsm:functions/migrate_round from pg

begin;

drop function pgsm_private.migrate_round;

commit;
