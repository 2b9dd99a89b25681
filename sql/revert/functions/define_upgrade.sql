-- Revert pgsm:functions/define_upgrade from pg

begin;

drop function pgsm.define_upgrade;

commit;
