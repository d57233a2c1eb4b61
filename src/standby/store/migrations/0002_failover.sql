-- One row a run of a failover. Its journal (`steps`) is rewritten with each step's intent and result, each time in a
-- transaction of its own that waits for the disk.

CREATE TABLE failover (
    id INTEGER PRIMARY KEY,         -- given by the engine, never used twice
    seq INTEGER NOT NULL,
    command TEXT NOT NULL,          -- the command that made the plan
    route TEXT NOT NULL,
    integration TEXT NOT NULL,
    kind TEXT NOT NULL,             -- failover | failback
    source TEXT NOT NULL,           -- the target that served when the plan was made; empty when that was not known
    target TEXT NOT NULL,
    state TEXT NOT NULL,            -- see domain.failover.RunState
    armed_by TEXT NOT NULL,
    armed_from TEXT NOT NULL,       -- who the kernel says it was, and where
    armed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    started_by TEXT,
    ended_at INTEGER,
    previous INTEGER,               -- of a failback: the run that it takes back
    result TEXT NOT NULL,           -- one line
    forced TEXT NOT NULL,           -- JSON: rule -> reason
    prechecks TEXT NOT NULL,        -- JSON: [{rule, verdict, text, overridden}]
    steps TEXT NOT NULL,            -- JSON: [{name, kind, subject, desired, undo, state, at, note}]
    clocks TEXT NOT NULL            -- JSON: see domain.failover.Clocks
);
CREATE INDEX failover_seq ON failover (seq);
CREATE INDEX failover_open ON failover (state) WHERE ended_at IS NULL;

CREATE TABLE route_state (          -- where the traffic of each route goes, as its director last said
    route TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    integration TEXT NOT NULL,
    serving TEXT NOT NULL,          -- a target's id; empty when it is not known
    at INTEGER NOT NULL,            -- when it was read
    drift TEXT NOT NULL,            -- JSON: lines
    trouble TEXT NOT NULL           -- why it cannot be read; empty when it can
);
CREATE INDEX route_state_seq ON route_state (seq);
