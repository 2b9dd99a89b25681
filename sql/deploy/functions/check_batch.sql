-- Deploy pgsm:functions/check_batch to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_batch (events jsonb)
  returns void
  language plpgsql
  immutable
as $$
#variable_conflict use_column
declare
    v_known    text[] := '{instance_id,event,data,event_id,expected_revision}';
    v_place    bigint;
    v_problem  text;
begin
    if jsonb_typeof(check_batch.events) is distinct from 'array'
        or jsonb_array_length(check_batch.events) > 10000
    then
        raise exception 'events is a JSON array of at most 10000'
            using errcode = 'SM121', hint = 'send them in several calls';
    end if;
    select p.place, p.problem
    into v_place, v_problem
    from jsonb_array_elements(check_batch.events) with ordinality as e (event, place)
    cross join lateral (values (e.place, case
        when jsonb_typeof(e.event) <> 'object' then 'is no object'
        when jsonb_typeof(e.event -> 'instance_id') is distinct from 'string'
            then 'has no instance_id that is a text'
        when jsonb_typeof(e.event -> 'event') is distinct from 'string'
            then 'has no event that is a text'
        when jsonb_typeof(e.event -> 'event_id') not in ('string', 'null')
            then 'has an event_id that is no text'
        when char_length(e.event ->> 'event_id') > 500
            then 'has an event_id of more than 500 characters'
        when e.event ->> 'expected_revision' !~ '^[0-9]{1,18}$'
            then 'has an expected_revision that is no number'
        when e.event - v_known <> '{}' then format('has an unknown key "%s"', (
            select min(k.key) from jsonb_object_keys(e.event - v_known) as k (key)
        ))
    end)) as p (place, problem)
    where p.problem is not null
    order by p.place
    limit 1;
    if found then
        raise exception 'event % of the batch %', v_place, v_problem
            using errcode = 'SM121',
            hint = '{"instance_id", "event", "data", "event_id", "expected_revision"}';
    end if;
end;
$$;

comment on function pgsm_private.check_batch (jsonb) is
    'Refuse what is no batch of events (SM121), naming the first that is none.';

commit;
