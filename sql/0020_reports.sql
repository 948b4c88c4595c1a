-- Why: reports over months without reading months of records, and reports that stay when the records are gone. They are
-- never counted up: a quarter of an hour that a record touches is counted anew, whole, from call_detail_records and
-- call_attempts. So it does not matter in which order records come, how late, how often, or where a run was stopped.
--
-- Quarters, not hours: every time zone of today is off UTC by whole quarters, so hours, days and months of any of them
-- are sums of these rows, also where a clock changes.

-- The clock by which an organisation's days and months are told; NULL: its LCR profile's.
ALTER TABLE organizations ADD COLUMN time_zone text CHECK (length(time_zone) BETWEEN 1 AND 64);

-- Written in the transaction of a record (and of whatever changes one): what has to be counted again. Two records of one
-- call may be committed in any order by two engines, so a mark names the call, and its hour is looked up when it counts.
CREATE TABLE report_marks (
  id bigint GENERATED ALWAYS AS IDENTITY,
  call_id uuid NOT NULL,
  -- Of the leg that was written, or that stood there before.
  organization_id integer,
  start_time timestamptz NOT NULL
);
CREATE INDEX report_marks_id ON report_marks (id);

-- What the marks came to; one row a quarter and organisation (0: none).
CREATE TABLE report_due (
  quarter timestamptz NOT NULL,
  organization_id integer NOT NULL,
  PRIMARY KEY (quarter, organization_id)
);

-- Records before this moment may be gone: what was counted of them stands.
CREATE TABLE report_frozen (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  before timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO report_frozen DEFAULT VALUES;

-- Calls: one A leg is one. Under the user who called, an inbound one under the user who was called.
CREATE TABLE report_calls (
  quarter timestamptz NOT NULL,
  organization_id integer,
  user_id integer,
  direction text NOT NULL,
  -- Of the money; NULL where there is none.
  currency text,
  calls bigint NOT NULL,
  connected bigint NOT NULL,
  busy bigint NOT NULL,
  no_answer bigint NOT NULL,
  cancelled bigint NOT NULL,
  failed bigint NOT NULL,
  -- ITU-T E.425: the network did its part, whatever the callee did.
  effective bigint NOT NULL,
  talk_seconds bigint NOT NULL,
  pdd_calls bigint NOT NULL,
  pdd_ms_sum bigint NOT NULL,
  pdd_bins bigint[] NOT NULL,
  mos_calls bigint NOT NULL,
  mos_sum numeric NOT NULL,
  jitter_sum numeric NOT NULL,
  loss_sum numeric NOT NULL,
  cost numeric NOT NULL,
  sale numeric NOT NULL,
  tax numeric NOT NULL,
  margin numeric NOT NULL
);
CREATE UNIQUE INDEX report_calls_once ON report_calls
  (quarter, coalesce(organization_id, 0), coalesce(user_id, 0), direction, coalesce(currency, ''));
CREATE INDEX report_calls_organization ON report_calls (organization_id, quarter);

-- Attempts at carriers, in the quarter in which their call began.
CREATE TABLE report_attempts (
  quarter timestamptz NOT NULL,
  organization_id integer,
  carrier_id integer NOT NULL,
  carrier_name text NOT NULL,
  gateway_id integer NOT NULL,
  gateway_name text NOT NULL,
  -- Of the called number, ISO 3166-1.
  country text,
  -- Of the rate that the attempt was quoted.
  prefix text,
  currency text,
  -- Tried, with or without a channel.
  attempts bigint NOT NULL,
  -- With a channel: what the carrier saw.
  seizures bigint NOT NULL,
  answered bigint NOT NULL,
  effective bigint NOT NULL,
  talk_seconds bigint NOT NULL,
  pdd_calls bigint NOT NULL,
  pdd_ms_sum bigint NOT NULL,
  pdd_bins bigint[] NOT NULL,
  mos_calls bigint NOT NULL,
  mos_sum numeric NOT NULL,
  jitter_sum numeric NOT NULL,
  loss_sum numeric NOT NULL,
  cost numeric NOT NULL,
  sale numeric NOT NULL,
  tax numeric NOT NULL,
  margin numeric NOT NULL
);
CREATE UNIQUE INDEX report_attempts_once ON report_attempts
  (quarter, coalesce(organization_id, 0), gateway_id, carrier_id, coalesce(country, ''), coalesce(prefix, ''), coalesce(currency, ''));
CREATE INDEX report_attempts_organization ON report_attempts (organization_id, quarter);

-- The hours in UTC, for whoever reads this table: written from report_calls, never by itself.
CREATE TABLE hourly_call_reporting (
  time_bucket timestamptz NOT NULL,
  organization_id integer,
  user_id integer,
  inbound_calls bigint NOT NULL,
  outbound_calls bigint NOT NULL,
  internal_calls bigint NOT NULL,
  inbound_talk_seconds bigint NOT NULL,
  outbound_talk_seconds bigint NOT NULL,
  internal_talk_seconds bigint NOT NULL,
  inbound_connected_primary bigint NOT NULL,
  outbound_connected_primary bigint NOT NULL,
  total_cost numeric NOT NULL,
  -- A user has a second row in an hour only where his calls cost in two currencies.
  currency text
);
CREATE UNIQUE INDEX hourly_call_reporting_once ON hourly_call_reporting
  (time_bucket, coalesce(organization_id, 0), coalesce(user_id, 0), coalesce(currency, ''));
CREATE INDEX hourly_call_reporting_organization ON hourly_call_reporting (organization_id, time_bucket);

ALTER TABLE call_detail_records
  -- What the switch heard from the party of this leg: 1.00 to 4.41 by the E-model, milliseconds, percent.
  ADD COLUMN mos_score numeric(3,2),
  ADD COLUMN jitter_avg numeric(8,2),
  ADD COLUMN packet_loss_pct numeric(5,2);

-- The attempts of a quarter, without reading their month; it costs a writer next to nothing.
CREATE INDEX call_attempts_time ON call_attempts USING brin (start_time);

-- What is there already is counted too, when this schema comes to a house with records.
INSERT INTO report_due
SELECT DISTINCT to_timestamp(floor(extract(epoch FROM start_time) / 900) * 900), coalesce(organization_id, 0)
FROM call_detail_records WHERE leg = 'A';
