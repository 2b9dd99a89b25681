-- Deploy pgsm:views/effect_names to pg
-- requires: tables/effects
-- requires: tables/definitions
-- requires: tables/effect_limits

begin;
set local role pgsm_owner;

create or replace view pgsm.effect_names with (security_barrier = true) as
select
    d.name,
    d.machine,
    d.version,
    d.definition as policy,
    exists (
        select
        from pgsm_private.runners as r
        where d.name = any (r.names)
            and r.seen_at > clock_timestamp() - interval '1 minute'
    ) as is_handled,
    (
        select count(*)
        from pgsm_private.runners as r
        where d.name = any (r.names)
            and r.seen_at > clock_timestamp() - interval '1 minute'
    ) as runners,
    p.name is not null as is_paused,
    p.paused_at,
    p.reason as pause_reason,
    p.actor ->> 'role' as paused_by,
    l.concurrency,
    l.rate,
    l.per
from pgsm_private.implementations as d
left join pgsm_private.effect_pauses as p on p.name = d.name
left join pgsm_private.effect_limits as l on l.name = d.name
where d.kind = 'effect';

comment on view pgsm.effect_names is $comment$
    The effects that machines declare, with their policy, whether a living runner
    handles them (and how many do), whether their name is paused, and its limits.

        select name, machine from pgsm.effect_names where not is_handled;
$comment$;

commit;
