-- Where the time went, by phase: see domain.phases. Sums made before this have none.

ALTER TABLE rollup_minute ADD COLUMN phases BLOB;
ALTER TABLE rollup_hour ADD COLUMN phases BLOB;
