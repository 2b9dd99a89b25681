-- Verify pgsm:functions/note_effect_marks on pg

select 'pgsm_private.note_effect_marks'::regproc;
