-- Who decides about an alert that is pushed to us, and where to look at it there.

ALTER TABLE alert ADD COLUMN origin TEXT;      -- JSON: see domain.outside; NULL: ours
