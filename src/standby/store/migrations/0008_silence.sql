-- What somebody does not want to be told about for a while. A silence expires, it is never deleted before its time.

CREATE TABLE silence (
    id INTEGER PRIMARY KEY,             -- given by the engine, never used twice
    seq INTEGER NOT NULL,
    matchers TEXT NOT NULL,             -- JSON: sets of matchers as they are written
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    origin TEXT NOT NULL,               -- who the kernel says it was, and where
    why TEXT NOT NULL
);
CREATE INDEX silence_seq ON silence (seq);
CREATE INDEX silence_ends ON silence (ends_at);
