-- name: checks_with_raw
SELECT k.no FROM check_key k
WHERE EXISTS (SELECT 1 FROM observation o WHERE o.check_no = k.no AND o.slot < :before) ORDER BY k.no;

-- name: checks_with_minutes
SELECT k.no FROM check_key k
WHERE EXISTS (SELECT 1 FROM rollup_minute r WHERE r.check_no = k.no AND r.bucket < :before) ORDER BY k.no;

-- name: checks_with_hours
SELECT k.no FROM check_key k
WHERE EXISTS (SELECT 1 FROM rollup_hour r WHERE r.check_no = k.no AND r.bucket < :before) ORDER BY k.no;

-- name: delete_raw
DELETE FROM observation WHERE check_no = :check_no AND slot IN (
    SELECT slot FROM observation WHERE check_no = :check_no AND slot < :before ORDER BY slot LIMIT :limit);

-- name: delete_minutes
DELETE FROM rollup_minute WHERE check_no = :check_no AND bucket IN (
    SELECT bucket FROM rollup_minute WHERE check_no = :check_no AND bucket < :before ORDER BY bucket LIMIT :limit);

-- name: delete_hours
DELETE FROM rollup_hour WHERE check_no = :check_no AND bucket IN (
    SELECT bucket FROM rollup_hour WHERE check_no = :check_no AND bucket < :before ORDER BY bucket LIMIT :limit);

-- name: oldest_raw
SELECT min(oldest) FROM (
    SELECT (SELECT min(o.slot) FROM observation o WHERE o.check_no = k.no) AS oldest FROM check_key k);

-- name: oldest_minutes
SELECT min(oldest) FROM (
    SELECT (SELECT min(r.bucket) FROM rollup_minute r WHERE r.check_no = k.no) AS oldest FROM check_key k);

-- name: oldest_hours
SELECT min(oldest) FROM (
    SELECT (SELECT min(r.bucket) FROM rollup_hour r WHERE r.check_no = k.no) AS oldest FROM check_key k);

-- name: count_raw
SELECT sum((SELECT count(*) FROM observation o WHERE o.check_no = k.no AND o.slot < :before)) FROM check_key k;

-- name: count_minutes
SELECT sum((SELECT count(*) FROM rollup_minute r WHERE r.check_no = k.no AND r.bucket < :before)) FROM check_key k;

-- name: count_hours
SELECT sum((SELECT count(*) FROM rollup_hour r WHERE r.check_no = k.no AND r.bucket < :before)) FROM check_key k;

-- name: delete_pings -- the newest of each signal stays: it is what a heartbeat is judged by
DELETE FROM ping WHERE at < :before AND EXISTS (
    SELECT 1 FROM ping newer
    WHERE newer.check_id = ping.check_id AND newer.signal = ping.signal AND newer.at > ping.at);

-- name: delete_receipts
DELETE FROM receipt WHERE at < :before;

-- name: delete_alerts
DELETE FROM alert WHERE state = 'resolved' AND resolved_at < :before
    AND id < (SELECT max(id) FROM alert);

-- name: delete_failovers
DELETE FROM failover WHERE ended_at < :before AND id < (SELECT max(id) FROM failover);

-- name: delete_notifications
DELETE FROM notification WHERE created_at < :before AND state NOT IN ('pending', 'sending')
    AND id < (SELECT max(id) FROM notification);

-- name: delete_escalations
DELETE FROM escalation WHERE stage = 'ended' AND id NOT IN (SELECT escalation FROM notification) AND :before > 0
    AND id < (SELECT max(id) FROM escalation);

-- name: delete_silences
DELETE FROM silence WHERE ends_at < :before AND id < (SELECT max(id) FROM silence);

-- name: delete_gaps
DELETE FROM gap WHERE to_at < :before;

-- name: delete_decisions
DELETE FROM baseline_decision WHERE to_at < :before AND id < (SELECT max(id) FROM baseline_decision);
