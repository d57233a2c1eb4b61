-- Who is told about an alert, level by level, and every message with its fate. A message is a row before it is sent, in
-- the transaction of the alert's transition.

CREATE TABLE escalation (           -- one row an alert that has a policy
    alert INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    policy TEXT NOT NULL,
    level INTEGER NOT NULL,         -- from 0
    loop INTEGER NOT NULL,
    episode INTEGER NOT NULL,       -- grows each time the alert is given back
    stage TEXT NOT NULL,            -- see domain.escalation.Stage
    next_at INTEGER,                -- when the level's time is over
    passed TEXT NOT NULL            -- JSON: levels that had nobody, since the alert fired
);
CREATE INDEX escalation_seq ON escalation (seq);

CREATE TABLE notification (
    id INTEGER PRIMARY KEY,         -- given by the engine, never used twice
    seq INTEGER NOT NULL,
    key TEXT NOT NULL UNIQUE,       -- the same message is never two rows, and its receiver can tell a second copy
    alert INTEGER NOT NULL,         -- 0: a test
    integration TEXT NOT NULL,
    severity TEXT NOT NULL,
    kind TEXT NOT NULL,             -- firing | resolved | exhausted | test
    target TEXT NOT NULL,           -- the person's or channel's id, as the policy names it
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    level INTEGER NOT NULL,
    loop INTEGER NOT NULL,
    episode INTEGER NOT NULL,
    state TEXT NOT NULL,            -- pending | sending | sent | failed | cancelled
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,       -- when it is tried, or tried again
    created_at INTEGER NOT NULL,
    done_at INTEGER,
    fate TEXT NOT NULL,             -- one line: what the other side said, or why it failed
    subject TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX notification_seq ON notification (seq);
CREATE INDEX notification_alert ON notification (alert);
CREATE INDEX notification_open ON notification (state) WHERE state IN ('pending', 'sending');
