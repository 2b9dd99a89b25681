-- Revert pgsm:tables/instances from pg

begin;

drop table pgsm_private.event_ids;
drop table pgsm_private.instance_keys;
drop table pgsm_private.instances;

commit;
