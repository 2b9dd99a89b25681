-- Revert pgsm:functions/preview_upgrade from pg

begin;

drop function pgsm.preview_upgrade;

commit;
