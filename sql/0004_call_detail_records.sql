-- Why: what was called, and what it cost. One row a channel, kept by month so that old months are dropped whole.
--
-- No CDR is ever refused: there are no foreign keys (the gateway may be deleted before its last call is
-- written), no checks, no text limits, and a default partition takes any month that has none of its own.
-- A partitioned table has no unique key without its partition column, so a leg is claimed in cdr_legs in the
-- transaction that writes its CDR: the same post, sent twice, is written once.

CREATE TABLE cdr_legs (
  leg_uuid uuid PRIMARY KEY,
  claimed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE call_detail_records (
  id bigserial NOT NULL,
  leg_uuid uuid NOT NULL,
  call_id uuid NOT NULL,
  parent_uuid uuid,
  leg text NOT NULL,
  organization_id integer,
  direction text NOT NULL,

  start_time timestamptz NOT NULL,
  progress_time timestamptz,
  answer_time timestamptz,
  end_time timestamptz NOT NULL,
  duration_seconds integer NOT NULL,
  billable_seconds integer NOT NULL,
  ring_seconds integer NOT NULL,

  caller_number text,
  caller_name text,
  caller_user_id integer,
  callee_number text,
  callee_user_id integer,
  dialled_number text,

  gateway_id integer,
  gateway_name text,
  carrier_id integer,
  carrier_name text,
  lcr_profile_id integer,

  hangup_cause text NOT NULL,
  hangup_cause_q850 integer NOT NULL,
  sip_status integer,
  hung_up_by text NOT NULL,
  disposition text NOT NULL,

  -- As quoted when the call was planned: a deck published meanwhile changes no bill.
  rate_deck_id integer,
  rate_prefix text,
  rate_per_minute numeric(20,8),
  connection_fee numeric(20,8),
  first_increment_seconds integer,
  next_increment_seconds integer,
  currency text,
  charged_seconds integer,
  total_cost numeric(20,8),

  simulated boolean NOT NULL DEFAULT false,
  -- Written by the engine because the switch sent nothing.
  estimated boolean NOT NULL DEFAULT false,
  custom_data jsonb,
  processed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (start_time, leg_uuid)
) PARTITION BY RANGE (start_time);

CREATE INDEX call_detail_records_leg ON call_detail_records (leg_uuid);
CREATE INDEX call_detail_records_call ON call_detail_records (call_id);
CREATE INDEX call_detail_records_org_time ON call_detail_records (organization_id, start_time);
CREATE INDEX call_detail_records_caller ON call_detail_records (caller_number);
CREATE INDEX call_detail_records_callee ON call_detail_records (callee_number);
CREATE INDEX call_detail_records_dialled ON call_detail_records (dialled_number);
CREATE INDEX call_detail_records_user ON call_detail_records (caller_user_id);
CREATE INDEX call_detail_records_gateway ON call_detail_records (gateway_id);
CREATE INDEX call_detail_records_disposition ON call_detail_records (disposition);
CREATE INDEX call_detail_records_unprocessed ON call_detail_records (start_time) WHERE processed_at IS NULL;

-- Every attempt of a call's plan, with or without a channel, as its A leg told it.
CREATE TABLE call_attempts (
  a_leg_uuid uuid NOT NULL,
  call_id uuid NOT NULL,
  -- The A leg's, so that a month's attempts go with its CDRs.
  start_time timestamptz NOT NULL,
  n integer NOT NULL,
  leg_uuid uuid NOT NULL,
  gateway_id integer NOT NULL,
  gateway_name text NOT NULL,
  carrier_id integer NOT NULL,
  carrier_name text NOT NULL,
  number text NOT NULL,
  rate_deck_id integer,
  rate_prefix text,
  rate_per_minute numeric(20,8),
  connection_fee numeric(20,8),
  first_increment_seconds integer,
  next_increment_seconds integer,
  currency text,
  outcome text NOT NULL,
  cause text,
  sip_status integer,
  why text NOT NULL
) PARTITION BY RANGE (start_time);
CREATE INDEX call_attempts_a_leg ON call_attempts (a_leg_uuid, n);
CREATE INDEX call_attempts_gateway_time ON call_attempts (gateway_id, start_time);

CREATE TABLE call_detail_records_default PARTITION OF call_detail_records DEFAULT;
CREATE TABLE call_attempts_default PARTITION OF call_attempts DEFAULT;

-- Makes the partitions of the months from_month ... to_month that do not exist, in UTC. Rows that waited in the
-- default partition move over. ATTACH, not PARTITION OF: it lets others read and write the table meanwhile.
CREATE FUNCTION create_cdr_partitions(from_month timestamptz, to_month timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  parent text;
  partition text;
  month timestamp := date_trunc('month', from_month AT TIME ZONE 'UTC');
  first_moment timestamptz;
  end_moment timestamptz;
  created integer := 0;
BEGIN
  -- Several engines do this at boot.
  PERFORM pg_advisory_xact_lock(hashtext('strowger create_cdr_partitions'));
  WHILE month <= to_month AT TIME ZONE 'UTC' LOOP
    first_moment := month AT TIME ZONE 'UTC';
    end_moment := (month + interval '1 month') AT TIME ZONE 'UTC';
    FOREACH parent IN ARRAY ARRAY['call_detail_records', 'call_attempts'] LOOP
      partition := parent || to_char(month, '"_y"YYYY"m"MM');
      CONTINUE WHEN to_regclass(partition) IS NOT NULL;
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', partition, parent);
      EXECUTE format(
        'WITH moved AS (DELETE FROM %I WHERE start_time >= $1 AND start_time < $2 RETURNING *)
         INSERT INTO %I SELECT * FROM moved', parent || '_default', partition)
        USING first_moment, end_moment;
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        parent, partition, first_moment, end_moment);
      created := created + 1;
    END LOOP;
    month := month + interval '1 month';
  END LOOP;
  RETURN created;
END
$$;

SELECT create_cdr_partitions(now() - interval '1 month', now() + interval '3 months');
