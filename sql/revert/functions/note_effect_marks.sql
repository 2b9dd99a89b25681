-- Revert pgsm:functions/note_effect_marks from pg

begin;

drop function pgsm_private.note_effect_marks;

commit;
