-- Deploy pgsm:functions/lasting_moves to pg
-- requires: types/batch_step

begin;
set local role pgsm_owner;

create or replace function pgsm_private.lasting_moves (moves pgsm_private.batch_step[])
  returns jsonb
  language sql
  immutable
begin atomic
    select coalesce(jsonb_object_agg(r.instance_id, r.lasting), '{}')
    from (
        select
            (m.instance).instance_id as instance_id,
            case
                when m.result ? 'status' then 'the instance has ended'
                when m.result ? 'messages' then 'it sent messages'
                when m.result ? 'children' then 'it started children'
                when m.result ? 'stops' then 'it stopped children'
            end as lasting
        from unnest(lasting_moves.moves) as m
        where m.result ?| '{status,messages,children,stops}'
    ) as r;
end;

comment on function pgsm_private.lasting_moves (pgsm_private.batch_step[]) is
    'What of moves cannot be undone, by instance.';

commit;
