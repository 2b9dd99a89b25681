-- Revert pgsm:types/upgrade_preview from pg

begin;

drop type pgsm.upgrade_preview;

commit;
