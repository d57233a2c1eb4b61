-- What is usual: what an engine has learned, what screens read of it, and what people decided about it.

CREATE TABLE baseline (                 -- one row a series
    subject TEXT NOT NULL,              -- check:ID | integration:ID
    metric TEXT NOT NULL,               -- latency_ms | error_rate | throughput | metrics.NAME
    integration TEXT NOT NULL,
    at INTEGER NOT NULL,                -- the minute that it speaks of
    value REAL,                         -- what was seen; null: nothing
    usual REAL,                         -- null while it is learning
    low REAL,
    high REAL,
    deviation REAL,
    samples INTEGER NOT NULL,
    days REAL NOT NULL,
    since INTEGER,                      -- when it became unusual; null while it is not
    cause TEXT NOT NULL,
    text TEXT NOT NULL,                 -- one line for people
    PRIMARY KEY (subject, metric)
) WITHOUT ROWID;
CREATE INDEX baseline_integration ON baseline (integration);

CREATE TABLE baseline_memory (          -- what the detectors remember, one row a kind of metric
    kind TEXT PRIMARY KEY,
    at INTEGER NOT NULL,                -- the last minute that was learned
    series TEXT NOT NULL,               -- JSON: [[subject, metric]], in the order of the detectors
    state BLOB NOT NULL                 -- see baselines.bank
) WITHOUT ROWID;

CREATE TABLE baseline_decision (
    id INTEGER PRIMARY KEY,             -- given by the engine, never used twice
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,                 -- accept | exclude
    subject TEXT NOT NULL,
    metric TEXT NOT NULL,               -- empty: all
    from_at INTEGER NOT NULL,
    to_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    origin TEXT NOT NULL,               -- who the kernel says it was, and where
    why TEXT NOT NULL
);
