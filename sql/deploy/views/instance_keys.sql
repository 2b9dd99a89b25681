-- Deploy pgsm:views/instance_keys to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create view pgsm.instance_keys with (security_barrier) as
select k.instance_id, k.machine, k.name, k.value, i.tenant
from pgsm_private.instance_keys as k
left join pgsm_private.instances as i on i.instance_id = k.instance_id
union all
select i.instance_id, i.machine, 'tenant', i.tenant, i.tenant
from pgsm_private.instances as i
where i.tenant is not null;

comment on view pgsm.instance_keys is $comment$
    The values of the documents' keys, as texts, tenant among them.

        select instance_id from pgsm.instance_keys
        where machine = 'order' and name = 'payment' and value = 'pay-7';
$comment$;

commit;
