-- Revert pgsm:functions/undo_upgrade from pg

begin;

drop function pgsm.undo_upgrade;

commit;
