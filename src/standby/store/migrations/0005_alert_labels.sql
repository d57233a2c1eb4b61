-- What an alert is told apart by, why nobody is told about it, and how long somebody has it.

ALTER TABLE alert ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';      -- JSON: name -> value
ALTER TABLE alert ADD COLUMN mutes TEXT NOT NULL DEFAULT '[]';       -- JSON: see domain.muting
ALTER TABLE alert ADD COLUMN acked_until INTEGER;                    -- the end of the lease; NULL: until it is resolved
