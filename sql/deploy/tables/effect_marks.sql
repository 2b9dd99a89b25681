-- Deploy pgsm:tables/effect_marks to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create table pgsm_private.effect_marks (
    name      text         not null,
    due_at    timestamptz  not null,
    noted_at  timestamptz  not null,
    constraint effect_marks_pkey primary key (name)
);

comment on table pgsm_private.effect_marks is $comment$
    Where claims begin to look in the queue of a name: before due_at nothing was found
    at noted_at.  While an old snapshot is open, what was claimed since stays in the
    index, and every claim would pass over all of it.  Only names whose queue has
    become slow have a row; it is renewed once a second by one claim for all.  The
    name '' is that of the sweep: of leases and deadlines.
$comment$;

commit;
