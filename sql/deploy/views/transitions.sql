-- Deploy pgsm:views/transitions to pg
-- requires: tables/definitions

begin;
set local role pgsm_owner;

create view pgsm.transitions with (security_barrier) as
select
    t.machine, t.version, t.state, t.position, t.kind, t.event, t.delay, t.targets,
    t.guard, coalesce(t.reenter, false) as reenter,
    array(
        select a.action
        from pgsm_private.actions as a
        where a.machine = t.machine and a.version = t.version and a.state = t.state
            and a.owner = 'transition' and a.transition_position = t.position
        order by a.position
    ) as actions
from pgsm_private.transitions as t
where t.kind <> 'initial';

comment on view pgsm.transitions is $comment$
    The transitions of each version, in document order within their state.  kind
    says where one stands in the document: on, after, always, done, invoke.done,
    invoke.error; targets are state paths, null where there is none.
$comment$;

commit;
