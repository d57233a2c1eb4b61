-- name: version
SELECT max(no) FROM migration;

-- name: seq
SELECT seq FROM counter WHERE id = 1;

-- name: engine
SELECT fence, kind, pid, host, user, version, config_digest, started_at, heartbeat_at, state, lag_ms, blind_since,
    trouble
FROM engine WHERE id = 1 AND seq > :since;

-- name: config
SELECT at, digest, doc FROM config_view WHERE id = 1 AND seq > :since;

-- name: check_states
SELECT check_id, integration, outcome, raw, attempt, attempts, since, slot, at, latency_ms, failure, message,
    error_rate, unknowns, missed, doc
FROM check_state WHERE seq > :since ORDER BY check_id;

-- name: integration_states
SELECT integration, outcome, since, error_rate, latency_ms, message
FROM integration_state WHERE seq > :since ORDER BY integration;

-- name: alerts_since
SELECT id, rule, integration, severity, state, since, fired_at, resolved_at, acked_by, acked_at, acked_from, summary,
    machine, labels, mutes, acked_until, escalations, origin
FROM alert WHERE seq > :since ORDER BY id;

-- name: alerts_after -- in the order in which they were written, from one place on
SELECT id, rule, integration, severity, state, since, fired_at, resolved_at, acked_by, acked_at, acked_from, summary,
    machine, labels, mutes, acked_until, escalations, origin, seq
FROM alert WHERE seq >= :seq AND (seq > :seq OR id > :id) ORDER BY seq, id LIMIT :limit;

-- name: alerts_open
SELECT id, rule, integration, severity, state, since, fired_at, resolved_at, acked_by, acked_at, acked_from, summary,
    machine, labels, mutes, acked_until, escalations, origin
FROM alert WHERE state <> 'resolved' ORDER BY id;

-- name: alerts_resolved
SELECT id, rule, integration, severity, state, since, fired_at, resolved_at, acked_by, acked_at, acked_from, summary,
    machine, labels, mutes, acked_until, escalations, origin
FROM alert WHERE state = 'resolved' AND fired_at IS NOT NULL AND resolved_at >= :from ORDER BY id DESC LIMIT :limit;

-- name: alerts -- one that was dropped before it had fired was never told to anybody
SELECT id, rule, integration, severity, state, since, fired_at, resolved_at, acked_by, acked_at, acked_from, summary,
    machine, labels, mutes, acked_until, escalations, origin
FROM alert
WHERE (state <> 'resolved' OR (:open_only = 0 AND fired_at IS NOT NULL)) AND (:integration IS NULL OR integration = :integration)
ORDER BY id DESC LIMIT :limit;

-- name: alert
SELECT id, rule, integration, severity, state, since, fired_at, resolved_at, acked_by, acked_at, acked_from, summary,
    machine, labels, mutes, acked_until, escalations, origin
FROM alert WHERE id = :id;

-- name: last_alert_id
SELECT coalesce(max(id), 0) FROM alert;

-- name: audits_since
SELECT at, actor, origin, kind, subject, message, command, no, hash
FROM audit WHERE seq > :since ORDER BY no DESC LIMIT :limit;

-- name: audits
SELECT at, actor, origin, kind, subject, message, command, no, hash FROM audit ORDER BY no DESC LIMIT :limit;

-- name: audits_of
SELECT at, actor, origin, kind, subject, message, command, no, hash
FROM audit WHERE subject = :subject ORDER BY no DESC LIMIT :limit;

-- name: audits_after
SELECT at, actor, origin, kind, subject, message, command, no, hash
FROM audit WHERE no > :no ORDER BY no LIMIT :limit;

-- name: judged -- the newest judgement about each subject
SELECT subject, message FROM audit
WHERE no IN (SELECT max(no) FROM audit WHERE kind = 'judgement' GROUP BY subject) ORDER BY subject;

-- name: asked_there -- what an Alertmanager was asked for, of which nobody knows what became
SELECT at, actor, origin, kind, subject, message, command, no, hash FROM audit AS asked
WHERE kind = 'alertmanager-silence' AND command IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM audit WHERE kind = 'alertmanager-silence' AND command = asked.command AND no > asked.no)
    AND message LIKE 'asks %' ORDER BY no;

-- name: judgements -- those of a window, and of each subject the one before
SELECT subject, at, message FROM audit
WHERE kind = 'judgement' AND at < :end AND (at >= :start OR no IN (
    SELECT max(no) FROM audit WHERE kind = 'judgement' AND at < :start GROUP BY subject))
ORDER BY no;

-- name: first_audit
SELECT coalesce(min(at), 0) FROM audit;

-- name: holes
SELECT from_at, to_at, reason FROM gap
WHERE from_at < :end AND (to_at IS NULL OR to_at > :start) ORDER BY from_at;

-- name: gaps
SELECT from_at, to_at, reason FROM gap WHERE seq > :since ORDER BY from_at DESC LIMIT :limit;

-- name: open_gap
SELECT from_at, to_at, reason FROM gap WHERE to_at IS NULL ORDER BY from_at DESC LIMIT 1;

-- name: receipt
SELECT command, at, actor, kind, args, status, reason FROM receipt WHERE command = :command;

-- name: newest_pings
SELECT check_id, max(at), signal FROM ping GROUP BY check_id, signal ORDER BY check_id, max(at);

-- name: check_no
SELECT no FROM check_key WHERE id = :id;

-- name: observations
SELECT slot, at, outcome, latency_us, resolve_us, connect_us, tls_us, first_byte_us, transfer_us, failure, message,
    metrics
FROM observation WHERE check_no = :check_no ORDER BY slot DESC LIMIT :limit;

-- name: rollups_minute
SELECT k.id, r.bucket, r.count, r.failures, r.degraded, r.unknown, r.maintenance, r.latency_count, r.latency_min_us,
    r.latency_sum_us, r.latency_max_us, r.sketch
FROM check_key k JOIN rollup_minute r ON r.check_no = k.no AND r.bucket >= :start AND r.bucket < :end
WHERE :check_id IS NULL OR k.id = :check_id
ORDER BY k.id, r.bucket;

-- name: rollups_hour
SELECT k.id, r.bucket, r.count, r.failures, r.degraded, r.unknown, r.maintenance, r.latency_count, r.latency_min_us,
    r.latency_sum_us, r.latency_max_us, r.sketch
FROM check_key k JOIN rollup_hour r ON r.check_no = k.no AND r.bucket >= :start AND r.bucket < :end
WHERE :check_id IS NULL OR k.id = :check_id
ORDER BY k.id, r.bucket;

-- name: latency_series -- what is rolled up, then the raw samples of the minutes that are not yet
SELECT k.id, r.bucket AS bucket,
    CASE WHEN r.latency_count > 0 THEN r.latency_sum_us / (r.latency_count * 1000.0) END
FROM check_key k JOIN rollup_minute r
    ON r.check_no = k.no AND r.bucket >= :start AND r.bucket < :end AND r.bucket < :rolled
UNION ALL
SELECT k.id, o.slot / 60000000000 * 60000000000 AS bucket, avg(o.latency_us) / 1000.0
FROM check_key k JOIN observation o
    ON o.check_no = k.no AND o.slot >= :start AND o.slot >= :rolled AND o.slot < :end
GROUP BY 1, 2
ORDER BY 1, 2;

-- name: watermark
SELECT at FROM watermark WHERE name = :name;

-- name: detail -- bytes of text in the last observations of one check, and how many these are
SELECT sum(coalesce(length(message), 0) + coalesce(length(metrics), 0)), count(*) FROM (
    SELECT o.message, o.metrics FROM check_key k JOIN observation o ON o.check_no = k.no
    WHERE k.id = :check_id ORDER BY o.slot DESC LIMIT 20);

-- name: failovers_since
SELECT id, command, route, integration, kind, source, target, state, armed_by, armed_from, armed_at, expires_at,
    started_by, ended_at, previous, result, forced, prechecks, steps, clocks
FROM failover WHERE seq > :since ORDER BY id;

-- name: failovers -- the newest, and every one that has not ended
SELECT id, command, route, integration, kind, source, target, state, armed_by, armed_from, armed_at, expires_at,
    started_by, ended_at, previous, result, forced, prechecks, steps, clocks
FROM failover
WHERE (:route IS NULL OR route = :route)
    AND (ended_at IS NULL OR id IN (
        SELECT id FROM failover WHERE :route IS NULL OR route = :route ORDER BY id DESC LIMIT :limit))
ORDER BY id;

-- name: failover
SELECT id, command, route, integration, kind, source, target, state, armed_by, armed_from, armed_at, expires_at,
    started_by, ended_at, previous, result, forced, prechecks, steps, clocks
FROM failover WHERE id = :id;

-- name: failover_of
SELECT id, command, route, integration, kind, source, target, state, armed_by, armed_from, armed_at, expires_at,
    started_by, ended_at, previous, result, forced, prechecks, steps, clocks
FROM failover WHERE command = :command;

-- name: route_states
SELECT route, integration, serving, at, drift, trouble FROM route_state WHERE seq > :since ORDER BY route;

-- name: escalations_since
SELECT id, policy, level, loop, episode, stage, next_at, passed, route, labels, log FROM escalation WHERE seq > :since ORDER BY id;

-- name: escalations_open
SELECT id, policy, level, loop, episode, stage, next_at, passed, route, labels, log FROM escalation WHERE stage <> 'ended' ORDER BY id;

-- name: last_escalation
SELECT coalesce(max(id), 0) FROM escalation;

-- name: notifications_since
SELECT id, key, escalation, integration, severity, kind, target, channel, address, level, loop, episode, state, attempts,
    next_at, created_at, done_at, fate, subject, text, alerts
FROM notification WHERE seq > :since ORDER BY id;

-- name: notifications_open -- of escalations that are not over, and what is still to be sent
SELECT id, key, escalation, integration, severity, kind, target, channel, address, level, loop, episode, state, attempts,
    next_at, created_at, done_at, fate, subject, text, alerts
FROM notification
WHERE state IN ('pending', 'sending') OR escalation IN (SELECT id FROM escalation WHERE stage <> 'ended')
ORDER BY id;

-- name: notifications_of
SELECT id, key, escalation, integration, severity, kind, target, channel, address, level, loop, episode, state, attempts,
    next_at, created_at, done_at, fate, subject, text, alerts
FROM notification
WHERE escalation IN (SELECT value FROM json_each((SELECT escalations FROM alert WHERE id = :alert)))
ORDER BY id DESC LIMIT :limit;

-- name: last_notification
SELECT coalesce(max(id), 0) FROM notification;

-- name: silences_since
SELECT id, matchers, starts_at, ends_at, made_by, origin, why FROM silence WHERE seq > :since ORDER BY id;

-- name: silences_open
SELECT id, matchers, starts_at, ends_at, made_by, origin, why FROM silence ORDER BY id DESC LIMIT 200;

-- name: silences
SELECT id, matchers, starts_at, ends_at, made_by, origin, why FROM silence WHERE ends_at >= :from ORDER BY id;

-- name: last_silence
SELECT coalesce(max(id), 0) FROM silence;

-- name: baselines
SELECT subject, metric, integration, at, value, usual, low, high, deviation, samples, days, since, cause, text
FROM baseline WHERE :integration IS NULL OR integration = :integration ORDER BY integration, subject, metric;

-- name: unusual
SELECT subject, metric, since FROM baseline WHERE since IS NOT NULL;

-- name: memories
SELECT kind, at, series, state FROM baseline_memory ORDER BY kind;

-- name: decisions
SELECT id, kind, subject, metric, from_at, to_at, made_by, origin, why FROM baseline_decision ORDER BY id;

-- name: figures_minute -- one minute in `every`; whole numbers whatever is in the cells, a list a column
SELECT group_concat(CAST(bucket / 60000000000 AS INTEGER)), group_concat(CAST(count AS INTEGER)),
    group_concat(CAST(failures AS INTEGER)), group_concat(CAST(latency_count AS INTEGER)),
    group_concat(CAST(latency_sum_us AS INTEGER)), group_concat(CAST(coalesce(latency_max_us, 0) AS INTEGER))
FROM rollup_minute
WHERE check_no = :check_no AND bucket >= :start AND bucket < :end AND bucket / 60000000000 % :every = 0;

-- name: figures_hour -- as above
SELECT group_concat(CAST(bucket / 3600000000000 AS INTEGER)), group_concat(CAST(count AS INTEGER)),
    group_concat(CAST(failures AS INTEGER)), group_concat(CAST(latency_count AS INTEGER)),
    group_concat(CAST(latency_sum_us AS INTEGER)), group_concat(CAST(coalesce(latency_max_us, 0) AS INTEGER))
FROM rollup_hour
WHERE check_no = :check_no AND bucket >= :start AND bucket < :end AND bucket / 3600000000000 % :every = 0;

-- name: oldest_minute
SELECT min(bucket) FROM rollup_minute WHERE check_no = :check_no;

-- name: oldest_hour
SELECT min(bucket) FROM rollup_hour WHERE check_no = :check_no;

-- name: reported -- what was decided, in one minute of `every`
SELECT slot, metrics FROM observation
WHERE check_no = :check_no AND slot >= :start AND slot < :end AND metrics IS NOT NULL AND outcome IN (0, 1, 2)
    AND slot / 60000000000 % :every = 0
ORDER BY slot;

-- name: reviews
SELECT rule, owner, since, due_at, reviewed_at, reviewed_by, note, reminded_at
FROM rule_review WHERE seq > :since ORDER BY rule;

-- name: firings -- the newest of our own; who took one may have given it back, so the log is asked
SELECT a.integration, a.rule, a.severity, a.fired_at, a.resolved_at,
    coalesce((SELECT min(at) FROM audit WHERE subject = 'alert:' || a.id AND kind = 'ack'), a.acked_at),
    a.mutes <> '[]' OR EXISTS (SELECT 1 FROM audit WHERE subject = 'alert:' || a.id AND kind = 'muted')
FROM alert a WHERE a.fired_at >= :start AND a.origin IS NULL ORDER BY a.fired_at DESC LIMIT :limit;
