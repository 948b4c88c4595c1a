-- Why: what was decided for a call, and why, readable long after: every candidate with its rank or the reason why it
-- was not taken. Written behind the call, never waited for.

CREATE TABLE call_decisions (
  call_id uuid NOT NULL,
  -- When it was decided; named so that a month's decisions go with its CDRs.
  start_time timestamptz NOT NULL,
  organization_id integer,
  destination text,
  decision jsonb NOT NULL
) PARTITION BY RANGE (start_time);
CREATE INDEX call_decisions_call ON call_decisions (call_id);
CREATE TABLE call_decisions_default PARTITION OF call_decisions DEFAULT;

-- As before, with the new table in the list.
CREATE OR REPLACE FUNCTION create_cdr_partitions(from_month timestamptz, to_month timestamptz) RETURNS integer
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
    FOREACH parent IN ARRAY ARRAY['call_detail_records', 'call_attempts', 'call_decisions'] LOOP
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
