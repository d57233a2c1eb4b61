-- What an Alertmanager was asked for, out of a log that is kept for ever: an engine looks at its start what became of it.

CREATE INDEX audit_asked_there ON audit (command, no) WHERE kind = 'alertmanager-silence';
