-- When each rule was looked at, and when somebody is to look again.

CREATE TABLE rule_review (
    rule TEXT PRIMARY KEY,          -- integration/rule
    seq INTEGER NOT NULL,
    owner TEXT NOT NULL,
    since INTEGER NOT NULL,         -- when it came into force
    due_at INTEGER,                 -- NULL: never, or not in force any more
    reviewed_at INTEGER,
    reviewed_by TEXT NOT NULL,
    note TEXT NOT NULL,
    reminded_at INTEGER
) WITHOUT ROWID;
CREATE INDEX rule_review_seq ON rule_review (seq);
