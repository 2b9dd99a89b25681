-- Distributes a deployed pgsm over the nodes of a Citus cluster.
--
--   psql -X -v ON_ERROR_STOP=1 -f sql/citus.sql DATABASE
--
-- Run once, on the coordinator, as the superuser that has run `pgsm deploy` there; every
-- node has the same PostgreSQL, Citus and plpython3u, the nodes are added already
-- (citus_set_coordinator_host, citus_add_node), and nobody else is at work.  With data
-- it takes as long as to copy it.  It is all or nothing.
--
-- Part of docs/explanation/scaling.md: what works on Citus and what does not.

begin;

-- what Citus refuses is said before anything has been changed
do $$
declare
    v_problem  text;
begin
    if not exists (select from pg_extension as e where e.extname = 'citus') then
        raise exception 'Citus is not in this database' using hint = 'create extension citus';
    end if;
    select format('table "%s" has a trigger', t.tgrelid::regclass)
    into v_problem
    from pg_trigger as t
    join pg_class as c on c.oid = t.tgrelid
    where c.relnamespace = 'pgsm_private'::regnamespace and not t.tgisinternal
    limit 1;
    if v_problem is null then
        select format('key "%s" does not begin with the instance', i.indexrelid::regclass)
        into v_problem
        from pg_index as i
        join pg_attribute as a on a.attrelid = i.indrelid and a.attname = 'instance_id'
        join pg_class as c on c.oid = i.indrelid
        where c.relnamespace = 'pgsm_private'::regnamespace
            and i.indisunique and i.indkey[0] <> a.attnum
        limit 1;
    end if;
    if v_problem is not null then
        raise exception '%', v_problem;
    end if;
end;
$$;

-- a statement that writes on every node comes before one that reads many shards
select set_config('citus.multi_shard_modify_mode', 'sequential', true);

-- machines and their versions refer to each other, which tables that are distributed one
-- after the other may not: this key is made again at the end
alter table pgsm_private.machines drop constraint machines_current_version_fkey;

-- All that has no instance is small and on every node, parents first.  (Made into a
-- reference table, a table makes its neighbours local ones; they become so next.)
select create_reference_table(format('pgsm_private.%I', c.relname)::regclass)
from pg_class as c
where c.relnamespace = 'pgsm_private'::regnamespace
    and c.relkind = 'r'
    and not c.relispartition
    and not exists (
        select from pg_attribute as a where a.attrelid = c.oid and a.attname = 'instance_id'
    )
order by array_position('{machines,machine_versions,states}'::name[], c.relname), c.relname;

alter table pgsm_private.machines
    add constraint machines_current_version_fkey
    foreign key (machine, current_version)
    references pgsm_private.machine_versions (machine, version);

-- all that has one is where its instance is
select create_distributed_table('pgsm_private.instances', 'instance_id', colocate_with => 'none');
select create_distributed_table(
    format('pgsm_private.%I', c.relname)::regclass, 'instance_id',
    colocate_with => 'pgsm_private.instances'
)
from pg_attribute as a
join pg_class as c on c.oid = a.attrelid
where c.relnamespace = 'pgsm_private'::regnamespace
    and c.relkind in ('r', 'p')
    and not c.relispartition
    and a.attname = 'instance_id'
    and c.relname <> 'instances'
order by c.relname;

-- and nothing is left that is on one node only
do $$
declare
    v_left  text;
begin
    select string_agg(c.relname, ', ')
    into v_left
    from pg_class as c
    where c.relnamespace = 'pgsm_private'::regnamespace
        and c.relkind in ('r', 'p')
        and not exists (select from pg_dist_partition as p where p.logicalrelid = c.oid);
    if v_left is not null then
        raise exception 'not distributed: %', v_left;
    end if;
end;
$$;

commit;
