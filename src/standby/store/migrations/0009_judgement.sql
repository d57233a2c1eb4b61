-- The newest judgement about each integration, out of a log that is kept for ever: an engine asks for it at its start.

CREATE INDEX audit_judgement ON audit (subject, no) WHERE kind = 'judgement';
