-- Deploy pgsm:functions/answer_questions to pg
-- requires: functions/answer_block
-- requires: functions/machine_document

begin;
set local role pgsm_owner;

create or replace function pgsm_private.answer_questions (
    operation  text,
    arguments  text[],
    result     jsonb,
    machine    text,
    version    integer
)
  returns jsonb
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_arguments  text[] := answer_questions.arguments;
    v_answers    jsonb;
    v_result     jsonb := answer_questions.result;
    v_question   jsonb;
begin
    loop
        v_question := v_result -> 'question';
        if v_question is null then
            return v_result;
        elsif v_question ->> 'kind' = 'document' then
            v_arguments[2] := pgsm_private.machine_document(answer_questions.machine, answer_questions.version);
            v_result := null;
        else
            select b.answers, b.result
            into v_answers, v_result
            from pgsm_private.answer_block(answer_questions.operation, v_arguments, v_question) as b;
            v_arguments[array_length(v_arguments, 1)] := v_answers::text;
        end if;
        if v_result is null then
            v_result := pgsm_engine.call(answer_questions.operation, v_arguments)::jsonb;
        end if;
    end loop;
end;
$$;

comment on function pgsm_private.answer_questions (text, text[], jsonb, text, integer) is $comment$
    Run an operation of the engine on from a first result that may be a question,
    answering one after the other, to its result.

    By the protocol the second argument is the version's document (null: the
    engine asks when it has not cached it) and the last one holds the answers.
$comment$;

commit;
