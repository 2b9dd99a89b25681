-- Revert pgsm:types/upgrade_turn from pg

begin;

drop type pgsm.upgrade_turn;

commit;
