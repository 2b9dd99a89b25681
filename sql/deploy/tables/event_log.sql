-- Deploy pgsm:tables/event_log to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create table pgsm_private.event_log (
    instance_id    text collate "C"  not null,
    revision       bigint            not null,
    recorded_at    timestamptz       not null,
    machine        text              not null,
    version        integer           not null,
    origin         text              not null,
    event          text              not null,
    data           jsonb             not null,
    facts          jsonb,
    event_id       text,
    clock          timestamptz       not null,
    actor          jsonb             not null,
    source_states  text[]            not null,
    target_states  text[]            not null,
    transitions    jsonb             not null,
    changes        jsonb,
    answers        jsonb,
    notes          jsonb,
    emitted        jsonb,
    release        text              not null,
    constraint event_log_pkey primary key (instance_id, revision, recorded_at)
) partition by range (recorded_at);

comment on table pgsm_private.event_log is $comment$
    One step of an instance.  Partitioned by the real clock (recorded_at), by
    the month; clock is the step's own.  changes holds the context's paths that
    were set and removed; facts what the event carries beside its data (id, output,
    error, source); answers what calls returned, so that a replay asks nothing.
$comment$;

create table pgsm_private.event_log_default partition of pgsm_private.event_log default;

comment on table pgsm_private.event_log_default is $comment$
    Steps whose month has no partition, because nobody has made it or the clock was
    far ahead: no event is refused for that.  Empty as a rule; make_log_partitions
    moves what is in it.
$comment$;

commit;
