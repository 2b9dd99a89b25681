-- Revert pgsm:functions/preview_upgrades from pg

begin;

drop function pgsm.preview_upgrades;

commit;
