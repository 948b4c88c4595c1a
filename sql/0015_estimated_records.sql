-- Why: a switch may end a call and never post its record. The engine then writes one from what it knew (`estimate` says
-- from what), and the switch's own record, if it comes after all, takes that row's place, once.

-- from-event: from the event of the hangup. switch-lost: closed from the engine's picture. Null: the switch's own record.
ALTER TABLE call_detail_records ADD COLUMN estimate text;
-- When the switch's own record took the place of an estimate.
ALTER TABLE call_detail_records ADD COLUMN corrected_at timestamptz;

CREATE INDEX call_detail_records_estimated ON call_detail_records (start_time) WHERE estimated;

-- What a correction changed, written in its transaction: those who were told the estimate are told the correction, also
-- where the engine dies between the two.
CREATE TABLE cdr_corrections (
  leg_uuid uuid PRIMARY KEY,
  call_id uuid NOT NULL,
  organization_id integer,
  corrected_at timestamptz NOT NULL DEFAULT now(),
  -- Of the call, and what the estimate and the record say.
  detail jsonb NOT NULL,
  told_at timestamptz
);
CREATE INDEX cdr_corrections_untold ON cdr_corrections (corrected_at) WHERE told_at IS NULL;
