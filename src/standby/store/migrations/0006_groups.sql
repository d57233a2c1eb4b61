-- Alerts are told in groups: an escalation has an id of its own, knows what its alerts share and which of them were told.

ALTER TABLE escalation RENAME COLUMN alert TO id;                      -- given by the engine, never used twice
ALTER TABLE escalation ADD COLUMN route TEXT NOT NULL DEFAULT '';      -- where in the tree of `[alerting]`
ALTER TABLE escalation ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';   -- JSON: what its alerts have in common
ALTER TABLE escalation ADD COLUMN log TEXT NOT NULL DEFAULT '{}';      -- JSON: see domain.grouping
UPDATE escalation SET log = json_object(
    'alerts', json_array(json_array(id, NULL)),
    'entry', json_object('firing', json_array(id), 'resolved', json_array(), 'at', 0),
    'flush_at', 0, 'looked', json('true')
) WHERE id IN (SELECT id FROM alert WHERE state <> 'resolved');

DROP INDEX notification_alert;
ALTER TABLE notification RENAME COLUMN alert TO escalation;            -- 0: a test
ALTER TABLE notification ADD COLUMN alerts TEXT NOT NULL DEFAULT '[]'; -- JSON: what it speaks of
UPDATE notification SET alerts = json_array(escalation) WHERE escalation > 0;
CREATE INDEX notification_escalation ON notification (escalation);

ALTER TABLE alert ADD COLUMN escalations TEXT NOT NULL DEFAULT '[]';   -- JSON: who is told about it
UPDATE alert SET escalations = json_array(id) WHERE id IN (SELECT id FROM escalation);
