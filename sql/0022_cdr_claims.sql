-- Why: a leg that the engine wrote from what it knew is claimed as an estimate: the switch's own record may still take
-- its place, once. An upsert cannot say whether it wrote a row or changed one, so a claim that took the place of an
-- estimate says when: whoever writes a record learns from its claim alone which it is.
ALTER TABLE cdr_legs ADD COLUMN IF NOT EXISTS estimated boolean NOT NULL DEFAULT false;
ALTER TABLE cdr_legs ADD COLUMN IF NOT EXISTS corrected_at timestamptz;
