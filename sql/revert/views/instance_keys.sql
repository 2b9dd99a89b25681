-- Revert pgsm:views/instance_keys from pg

begin;

drop view pgsm.instance_keys;

commit;
