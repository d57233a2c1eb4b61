-- Instants are integer nanoseconds since 1970 UTC. `seq` grows by one with every write transaction: a reader asks for
-- the rows whose seq is newer than the last it saw. Outcomes are stored as their words, except in `observation`.

CREATE TABLE counter (              -- one row: the store-wide sequence and the fencing number
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    fence INTEGER NOT NULL
);
INSERT INTO counter (id, seq, fence) VALUES (1, 0, 0);

CREATE TABLE engine (               -- one row: the engine that holds, or last held, the store
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    kind TEXT NOT NULL,             -- service | companion
    pid INTEGER NOT NULL,
    host TEXT NOT NULL,
    user TEXT NOT NULL,
    version TEXT NOT NULL,
    config_digest TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL,
    state TEXT NOT NULL,            -- starting | running | stopping | stopped
    lag_ms REAL NOT NULL,           -- the worst event-loop delay of the last minute
    blind_since INTEGER,            -- our own network is gone since then
    trouble TEXT NOT NULL           -- one line, empty when all is well
);

CREATE TABLE config_view (          -- one row: what screens need of the configuration, as JSON
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    digest TEXT NOT NULL,
    doc TEXT NOT NULL
);

CREATE TABLE check_key (            -- small numbers for long names, so that an observation takes few bytes
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
);

CREATE TABLE check_state (          -- the present of each check, and what a restart needs to go on
    check_id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    integration TEXT NOT NULL,
    outcome TEXT NOT NULL,          -- settled (hard)
    raw TEXT NOT NULL,              -- the last observation's
    attempt INTEGER NOT NULL,       -- how many in a row spoke against the settled outcome
    attempts INTEGER NOT NULL,
    since INTEGER NOT NULL,         -- when the settled outcome began
    slot INTEGER NOT NULL,
    at INTEGER NOT NULL,            -- when the last observation ended
    latency_ms REAL,
    failure TEXT,
    message TEXT NOT NULL,
    error_rate REAL,                -- of the last ten minutes, 0..1; null without a decided observation
    unknowns INTEGER NOT NULL,      -- how many in a row were unknown
    missed INTEGER NOT NULL,        -- slots not run because the run before still ran, since the first start
    doc TEXT NOT NULL               -- JSON: the engine's own memory (metrics, heartbeat times...)
);
CREATE INDEX check_state_seq ON check_state (seq);

CREATE TABLE integration_state (
    integration TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    since INTEGER NOT NULL,
    error_rate REAL,
    latency_ms REAL,
    message TEXT NOT NULL
);
CREATE INDEX integration_state_seq ON integration_state (seq);

CREATE TABLE observation (
    check_no INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    at INTEGER NOT NULL,
    outcome INTEGER NOT NULL,       -- 0 up, 1 degraded, 2 down, 3 maintenance, 4 unknown
    latency_us INTEGER,
    resolve_us INTEGER,
    connect_us INTEGER,
    tls_us INTEGER,
    first_byte_us INTEGER,
    transfer_us INTEGER,
    failure TEXT,
    message TEXT,
    metrics TEXT,                   -- JSON, null when empty
    PRIMARY KEY (check_no, slot)
) WITHOUT ROWID;

CREATE TABLE rollup_minute (
    check_no INTEGER NOT NULL,
    bucket INTEGER NOT NULL,        -- start of the minute
    count INTEGER NOT NULL,         -- decided observations
    failures INTEGER NOT NULL,      -- of them down
    degraded INTEGER NOT NULL,
    unknown INTEGER NOT NULL,       -- beside count
    maintenance INTEGER NOT NULL,   -- beside count
    latency_count INTEGER NOT NULL,
    latency_min_us INTEGER,
    latency_sum_us INTEGER NOT NULL,
    latency_max_us INTEGER,
    sketch BLOB,                    -- see domain.sketch
    PRIMARY KEY (check_no, bucket)
) WITHOUT ROWID;

CREATE TABLE rollup_hour (
    check_no INTEGER NOT NULL,
    bucket INTEGER NOT NULL,        -- start of the hour
    count INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    degraded INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    maintenance INTEGER NOT NULL,
    latency_count INTEGER NOT NULL,
    latency_min_us INTEGER,
    latency_sum_us INTEGER NOT NULL,
    latency_max_us INTEGER,
    sketch BLOB,
    PRIMARY KEY (check_no, bucket)
) WITHOUT ROWID;

CREATE TABLE watermark (            -- how far the roll-ups have come
    name TEXT PRIMARY KEY,          -- minute | hour: rolled up before; raw: expired before
    at INTEGER NOT NULL
);

CREATE TABLE alert (
    id INTEGER PRIMARY KEY,         -- given by the engine, never used twice
    seq INTEGER NOT NULL,
    rule TEXT NOT NULL,
    integration TEXT NOT NULL,
    severity TEXT NOT NULL,
    state TEXT NOT NULL,            -- pending | firing | acknowledged | resolved
    since INTEGER NOT NULL,         -- when the condition became true
    fired_at INTEGER,
    resolved_at INTEGER,
    acked_by TEXT,
    acked_at INTEGER,
    acked_from TEXT,                -- who the kernel says it was, and where
    summary TEXT NOT NULL,
    machine TEXT NOT NULL           -- JSON: the state of domain.alerting, so that a restart goes on
);
CREATE INDEX alert_seq ON alert (seq);
CREATE INDEX alert_open ON alert (state) WHERE state <> 'resolved';

CREATE TABLE audit (                -- append-only, each row bound to the one before by its hash
    no INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,            -- a person, or `engine`
    origin TEXT NOT NULL,           -- `unix:alice pid 4711 on web-1`, empty for the engine
    kind TEXT NOT NULL,             -- ack, unack, note, fired, resolved, settled, started, reload, takeover, blind...
    subject TEXT NOT NULL,          -- `alert:12`, `integration:payments`, `check:payments-api`, `engine`
    message TEXT NOT NULL,
    command TEXT,                   -- the command's id
    hash BLOB NOT NULL
);
CREATE INDEX audit_seq ON audit (seq);
CREATE INDEX audit_subject ON audit (subject, no);

CREATE TABLE receipt (              -- what became of each command; makes commands idempotent
    command TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    args TEXT NOT NULL,
    status TEXT NOT NULL,           -- done | refused
    reason TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE ping (                 -- the signals of heartbeats, recorded before they are answered
    check_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    signal TEXT NOT NULL,           -- start | success | fail
    PRIMARY KEY (check_id, at)
) WITHOUT ROWID;

CREATE TABLE gap (                  -- holes in history: when nothing was known, and why
    from_at INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    to_at INTEGER,                  -- null while it lasts
    reason TEXT NOT NULL            -- blind | engine away | store
);

CREATE TABLE late_minute (          -- minutes to roll up again: an observation came after they had been
    check_no INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    PRIMARY KEY (check_no, bucket)
) WITHOUT ROWID;
