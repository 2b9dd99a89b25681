-- Revert pgsm:tables/effects_deadline from pg

drop index pgsm_private.effects_deadline_idx;
