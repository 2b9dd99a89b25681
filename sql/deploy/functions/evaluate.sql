-- Deploy pgsm:functions/evaluate to pg
-- requires: functions/answer_questions

begin;
set local role pgsm_owner;

create or replace function pgsm_private.evaluate (
    operation  text,
    arguments  text[],
    machine    text,
    version    integer
)
  returns jsonb
  language sql
as $$
    select pgsm_private.answer_questions(
        operation, arguments, pgsm_engine.call(operation, arguments)::jsonb, machine, version
    )
$$;

comment on function pgsm_private.evaluate (text, text[], text, integer) is
    'Run an operation of the engine to its result, answering its questions.';

commit;
