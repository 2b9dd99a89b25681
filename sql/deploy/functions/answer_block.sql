-- Deploy pgsm:functions/answer_block to pg
-- requires: functions/answer
-- requires: functions/is_fatal
-- requires: engine/v0_1

begin;
set local role pgsm_owner;

create or replace function pgsm_private.answer_block (
    operation     text,
    arguments     text[],
    question      jsonb,
    out answers   jsonb,
    out result    jsonb
)
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_arguments  text[] := answer_block.arguments;
    v_last       integer := array_length(v_arguments, 1);
    v_question   jsonb := answer_block.question;
    v_block      jsonb := v_question -> 'block';
    v_before     jsonb := coalesce(v_arguments[v_last], '[]');
    v_code       text;
    v_message    text;
begin
    answers := v_before;
    loop
        if v_question ->> 'kind' = 'undo' then
            raise exception 'the block is undone' using errcode = 'SM900';
        end if;
        answers := answers || jsonb_build_array(
            jsonb_build_object('value', pgsm_private.answer(v_question))
        );
        v_arguments[v_last] := answers::text;
        result := pgsm_engine.call(answer_block.operation, v_arguments)::jsonb;
        v_question := result -> 'question';
        exit when v_question is null or v_question -> 'block' is distinct from v_block;
    end loop;
exception
    -- others leaves out a failed assertion, which is a function's own error too
    when others or assert_failure then
        if pgsm_private.is_fatal(sqlstate) then
            raise;
        end if;
        v_code := sqlstate;
        v_message := sqlerrm;
        -- the block's answers are gone with its changes; the error stands for them
        answers := v_before || jsonb_build_array(jsonb_build_object('error',
            case v_question ->> 'kind'
                when 'undo' then v_question -> 'error'
                else jsonb_build_object(
                    'code', v_code, 'message', v_message, 'path', v_question -> 'path')
            end
        ));
        result := null;
end;
$$;

comment on function pgsm_private.answer_block (text, text[], jsonb) is $comment$
    Answer the questions of one block of actions, in one subtransaction.

    Returns all answers so far and the step's next result.  When a call fails,
    or the block does after a call, what the block did is rolled back, its
    answers become that error, and the result is null: the step runs again.
$comment$;

commit;
