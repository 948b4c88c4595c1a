-- Why: decks come as files, one after another: each is a version that can be looked at before it counts and taken
-- back afterwards, and a customer has decks too, for what we sell at.
--
-- A published deck that `replaces` ends everything its owner had published before, from its effective_from on. One
-- that was withdrawn ends nothing and has no rates: so withdrawing the newest brings the version before back.

ALTER TABLE rate_decks
  ALTER COLUMN carrier_id DROP NOT NULL,
  -- For selling to this customer; otherwise carrier_id, for buying from that carrier.
  ADD COLUMN organization_id integer CONSTRAINT rate_decks_organization REFERENCES organizations (id) ON DELETE CASCADE,
  ADD COLUMN replaces boolean NOT NULL DEFAULT false,
  -- For rates that have no dates of their own; without it, since the deck was made.
  ADD COLUMN effective_from timestamptz,
  ADD COLUMN effective_to timestamptz,
  ADD COLUMN withdrawn_at timestamptz,
  ADD COLUMN rate_count bigint NOT NULL DEFAULT 0,
  -- The file it came from, for people.
  ADD COLUMN source text NOT NULL DEFAULT '' CHECK (length(source) <= 255),
  ADD CONSTRAINT rate_decks_owner CHECK (num_nonnulls(carrier_id, organization_id) = 1),
  ADD CONSTRAINT rate_decks_dates CHECK (effective_to > effective_from);
CREATE INDEX rate_decks_organization_id ON rate_decks (organization_id);

ALTER TABLE rates
  ALTER COLUMN effective_from DROP NOT NULL,
  ADD COLUMN destination text NOT NULL DEFAULT '',
  -- Seconds that an answered call pays for at least, whatever its increments.
  ADD COLUMN minimum_seconds integer NOT NULL DEFAULT 0,
  -- Within the United States: price_per_minute is for calls of which the states are not known.
  ADD COLUMN interstate_price numeric(20,8),
  ADD COLUMN intrastate_price numeric(20,8);

-- Rows are appended deck by deck, so a few blocks tell where a deck lies: it costs COPY next to nothing.
CREATE INDEX rates_deck_id ON rates USING brin (deck_id) WITH (pages_per_range = 32, autosummarize = on);

-- What all rates of a deck say becomes the deck's, so that changing its dates changes theirs.
UPDATE rate_decks SET effective_from = created_at;
UPDATE rate_decks SET effective_from = counted.earliest, rate_count = counted.count,
    effective_to = CASE WHEN counted.latest > counted.earliest THEN counted.latest END
  FROM (
    SELECT deck_id, count(*) AS count, greatest(min(effective_from), 'epoch') AS earliest,
      CASE WHEN count(effective_to) = count(*) AND min(effective_to) = max(effective_to)
        THEN nullif(max(effective_to), 'infinity') END AS latest
    FROM rates GROUP BY deck_id
  ) AS counted
  WHERE counted.deck_id = rate_decks.id AND counted.earliest < 'infinity';
UPDATE rates SET effective_from = nullif(rates.effective_from, rate_decks.effective_from),
    effective_to = nullif(rates.effective_to, rate_decks.effective_to)
  FROM rate_decks
  WHERE rate_decks.id = rates.deck_id
    AND (rates.effective_from = rate_decks.effective_from OR rates.effective_to = rate_decks.effective_to);

-- Rates are seen through their deck only: writing a million of them is no change until the deck is published.
DROP TRIGGER rates_changed ON rates;

ALTER TABLE call_detail_records ADD COLUMN minimum_seconds integer;
ALTER TABLE call_attempts ADD COLUMN minimum_seconds integer;
