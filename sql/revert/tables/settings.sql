-- Revert pgsm:tables/settings from pg

begin;

drop table pgsm_private.settings;

commit;
