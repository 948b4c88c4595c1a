-- Some gateways answer every call and play what the far exchange says: analogue lines, mobile gateways. For them an
-- answer is no answer until the tone is known not to be busy, congestion or special information.
ALTER TABLE gateways ADD COLUMN answers_with_tones boolean NOT NULL DEFAULT false;

-- Beside gateways_changed, which names the columns that were there before.
CREATE TRIGGER gateways_progress_changed AFTER UPDATE OF answers_with_tones
  ON gateways FOR EACH STATEMENT EXECUTE FUNCTION notify_strowger_changed();
