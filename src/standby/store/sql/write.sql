-- name: counter
SELECT seq, fence FROM counter WHERE id = 1;

-- name: set_seq
UPDATE counter SET seq = :seq WHERE id = 1;

-- name: set_fence
UPDATE counter SET fence = :fence WHERE id = 1;

-- name: upsert_engine
INSERT INTO engine (id, seq, fence, kind, pid, host, user, version, config_digest, started_at, heartbeat_at, state,
    lag_ms, blind_since, trouble)
VALUES (1, :seq, :fence, :kind, :pid, :host, :user, :version, :config_digest, :started_at, :heartbeat_at, :state,
    :lag_ms, :blind_since, :trouble)
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, fence = excluded.fence, kind = excluded.kind, pid = excluded.pid,
    host = excluded.host, user = excluded.user, version = excluded.version, config_digest = excluded.config_digest,
    started_at = excluded.started_at, heartbeat_at = excluded.heartbeat_at, state = excluded.state,
    lag_ms = excluded.lag_ms, blind_since = excluded.blind_since, trouble = excluded.trouble;

-- name: upsert_config
INSERT INTO config_view (id, seq, at, digest, doc) VALUES (1, :seq, :at, :digest, :doc)
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, at = excluded.at, digest = excluded.digest, doc = excluded.doc;

-- name: add_check_key
INSERT INTO check_key (id) VALUES (:id) ON CONFLICT (id) DO NOTHING;

-- name: check_no
SELECT no FROM check_key WHERE id = :id;

-- name: upsert_observation
INSERT INTO observation (check_no, slot, at, outcome, latency_us, resolve_us, connect_us, tls_us, first_byte_us,
    transfer_us, failure, message, metrics)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (check_no, slot) DO UPDATE SET at = excluded.at, outcome = excluded.outcome,
    latency_us = excluded.latency_us, resolve_us = excluded.resolve_us, connect_us = excluded.connect_us,
    tls_us = excluded.tls_us, first_byte_us = excluded.first_byte_us, transfer_us = excluded.transfer_us,
    failure = excluded.failure, message = excluded.message, metrics = excluded.metrics;

-- name: add_late_minute
INSERT INTO late_minute (check_no, bucket) VALUES (?, ?) ON CONFLICT (check_no, bucket) DO NOTHING;

-- name: watermark
SELECT at FROM watermark WHERE name = :name;

-- name: upsert_check_state
INSERT INTO check_state (check_id, seq, integration, outcome, raw, attempt, attempts, since, slot, at, latency_ms,
    failure, message, error_rate, unknowns, missed, doc)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (check_id) DO UPDATE SET seq = excluded.seq, integration = excluded.integration,
    outcome = excluded.outcome, raw = excluded.raw, attempt = excluded.attempt, attempts = excluded.attempts,
    since = excluded.since, slot = excluded.slot, at = excluded.at, latency_ms = excluded.latency_ms,
    failure = excluded.failure, message = excluded.message, error_rate = excluded.error_rate,
    unknowns = excluded.unknowns, missed = excluded.missed, doc = excluded.doc;

-- name: upsert_integration_state
INSERT INTO integration_state (integration, seq, outcome, since, error_rate, latency_ms, message)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (integration) DO UPDATE SET seq = excluded.seq, outcome = excluded.outcome, since = excluded.since,
    error_rate = excluded.error_rate, latency_ms = excluded.latency_ms, message = excluded.message;

-- name: upsert_alert
INSERT INTO alert (id, seq, rule, integration, severity, state, since, fired_at, resolved_at, acked_by, acked_at,
    acked_from, summary, machine, labels, mutes, acked_until, escalations, origin)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, rule = excluded.rule, integration = excluded.integration,
    severity = excluded.severity, state = excluded.state, since = excluded.since, fired_at = excluded.fired_at,
    resolved_at = excluded.resolved_at, acked_by = excluded.acked_by, acked_at = excluded.acked_at,
    acked_from = excluded.acked_from, summary = excluded.summary, machine = excluded.machine,
    labels = excluded.labels, mutes = excluded.mutes, acked_until = excluded.acked_until,
    escalations = excluded.escalations, origin = excluded.origin;

-- name: last_audit
SELECT no, hash FROM audit ORDER BY no DESC LIMIT 1;

-- name: add_audit
INSERT INTO audit (no, seq, at, actor, origin, kind, subject, message, command, hash)
VALUES (:no, :seq, :at, :actor, :origin, :kind, :subject, :message, :command, :hash);

-- name: receipt
SELECT command, at, actor, kind, args, status, reason FROM receipt WHERE command = :command;

-- name: add_receipt
INSERT INTO receipt (command, at, actor, kind, args, status, reason) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (command) DO NOTHING;

-- name: upsert_ping
INSERT INTO ping (check_id, at, signal) VALUES (?, ?, ?)
ON CONFLICT (check_id, at) DO UPDATE SET signal = excluded.signal;

-- name: upsert_gap
INSERT INTO gap (from_at, seq, to_at, reason) VALUES (?, ?, ?, ?)
ON CONFLICT (from_at) DO UPDATE SET seq = excluded.seq, to_at = excluded.to_at, reason = excluded.reason;

-- name: upsert_failover
INSERT INTO failover (id, seq, command, route, integration, kind, source, target, state, armed_by, armed_from, armed_at,
    expires_at, started_by, ended_at, previous, result, forced, prechecks, steps, clocks)
VALUES (:id, :seq, :command, :route, :integration, :kind, :source, :target, :state, :armed_by, :armed_from, :armed_at,
    :expires_at, :started_by, :ended_at, :previous, :result, :forced, :prechecks, :steps, :clocks)
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, state = excluded.state, expires_at = excluded.expires_at,
    started_by = excluded.started_by, ended_at = excluded.ended_at, result = excluded.result,
    forced = excluded.forced, prechecks = excluded.prechecks, steps = excluded.steps, clocks = excluded.clocks;

-- name: upsert_escalation
INSERT INTO escalation (id, seq, policy, level, loop, episode, stage, next_at, passed, route, labels, log)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, policy = excluded.policy, level = excluded.level,
    loop = excluded.loop, episode = excluded.episode, stage = excluded.stage, next_at = excluded.next_at,
    passed = excluded.passed, route = excluded.route, labels = excluded.labels, log = excluded.log;

-- name: upsert_notification
INSERT INTO notification (id, seq, key, escalation, integration, severity, kind, target, channel, address, level, loop,
    episode, state, attempts, next_at, created_at, done_at, fate, subject, text, alerts)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, state = excluded.state, attempts = excluded.attempts,
    next_at = excluded.next_at, done_at = excluded.done_at, fate = excluded.fate;

-- name: upsert_route_state
INSERT INTO route_state (route, seq, integration, serving, at, drift, trouble) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (route) DO UPDATE SET seq = excluded.seq, integration = excluded.integration, serving = excluded.serving,
    at = excluded.at, drift = excluded.drift, trouble = excluded.trouble;

-- name: forget_route
DELETE FROM route_state WHERE route = ?;

-- name: forget_check
DELETE FROM check_state WHERE check_id = ?;

-- name: forget_integration
DELETE FROM integration_state WHERE integration = ?;

-- name: upsert_baseline
INSERT INTO baseline (subject, metric, integration, at, value, usual, low, high, deviation, samples, days, since, cause,
    text)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (subject, metric) DO UPDATE SET integration = excluded.integration, at = excluded.at,
    value = excluded.value, usual = excluded.usual, low = excluded.low, high = excluded.high,
    deviation = excluded.deviation, samples = excluded.samples, days = excluded.days, since = excluded.since,
    cause = excluded.cause, text = excluded.text;

-- name: forget_baseline
DELETE FROM baseline WHERE subject = ? AND metric = ?;

-- name: upsert_memory
INSERT INTO baseline_memory (kind, at, series, state) VALUES (?, ?, ?, ?)
ON CONFLICT (kind) DO UPDATE SET at = excluded.at, series = excluded.series, state = excluded.state;

-- name: upsert_decision
INSERT INTO baseline_decision (id, seq, kind, subject, metric, from_at, to_at, made_by, origin, why)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, from_at = excluded.from_at, to_at = excluded.to_at;

-- name: upsert_silence
INSERT INTO silence (id, seq, matchers, starts_at, ends_at, made_by, origin, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, starts_at = excluded.starts_at, ends_at = excluded.ends_at;

-- name: upsert_review
INSERT INTO rule_review (rule, seq, owner, since, due_at, reviewed_at, reviewed_by, note, reminded_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (rule) DO UPDATE SET seq = excluded.seq, owner = excluded.owner, since = excluded.since,
    due_at = excluded.due_at, reviewed_at = excluded.reviewed_at, reviewed_by = excluded.reviewed_by,
    note = excluded.note, reminded_at = excluded.reminded_at;
