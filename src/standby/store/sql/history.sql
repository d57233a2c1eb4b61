-- name: hours -- summed to columns; of one row at most `most` looks count: a second look at a slot is none
SELECT bucket / :step * :step, sum(count), sum(failures), sum(degraded), sum(unknown), sum(maintenance),
    sum(latency_count), min(latency_min_us), sum(latency_sum_us), max(latency_max_us),
    sum(min(:most, count + maintenance))
FROM rollup_hour WHERE check_no = :check_no AND bucket >= :start AND bucket < :end GROUP BY 1;

-- name: hour_sketches
SELECT bucket / :step * :step, sketch FROM rollup_hour
WHERE check_no = :check_no AND bucket >= :start AND bucket < :end AND sketch IS NOT NULL ORDER BY bucket;

-- name: minutes -- summed to columns; of one row at most `most` looks count: a second look at a slot is none
SELECT bucket / :step * :step, sum(count), sum(failures), sum(degraded), sum(unknown), sum(maintenance),
    sum(latency_count), min(latency_min_us), sum(latency_sum_us), max(latency_max_us),
    sum(min(:most, count + maintenance))
FROM rollup_minute WHERE check_no = :check_no AND bucket >= :start AND bucket < :end GROUP BY 1;

-- name: minute_sketches
SELECT bucket / :step * :step, sketch FROM rollup_minute
WHERE check_no = :check_no AND bucket >= :start AND bucket < :end AND sketch IS NOT NULL ORDER BY bucket;

-- name: hour_phases
SELECT phases FROM rollup_hour
WHERE check_no = :check_no AND bucket >= :start AND bucket < :end AND phases IS NOT NULL;

-- name: minute_phases
SELECT phases FROM rollup_minute
WHERE check_no = :check_no AND bucket >= :start AND bucket < :end AND phases IS NOT NULL;

-- name: raw
SELECT slot, outcome, latency_us, resolve_us, connect_us, tls_us, first_byte_us, transfer_us FROM observation
WHERE check_no = :check_no AND slot >= :start AND slot < :end;

-- name: oldest
SELECT (SELECT min(bucket) FROM rollup_minute WHERE check_no = :check_no),
    (SELECT min(bucket) FROM rollup_hour WHERE check_no = :check_no);

-- name: settled -- newest first: who reads stops when it is old enough
SELECT at, message FROM audit
WHERE subject = :subject AND kind = 'settled' ORDER BY no DESC LIMIT :limit;

-- name: present
SELECT outcome FROM check_state WHERE check_id = :check_id;

-- name: marks -- CROSS JOIN keeps SQLite at one look into the log an alert
SELECT l.at, l.kind, l.actor, l.subject, l.message FROM (
    SELECT id FROM alert
    WHERE integration = :integration AND since < :end AND (resolved_at IS NULL OR resolved_at >= :start)
    ORDER BY id DESC LIMIT :limit
) a CROSS JOIN audit l ON l.subject = 'alert:' || a.id
WHERE l.at >= :start AND l.at < :end
UNION ALL
SELECT at, kind, actor, subject, message FROM (
    SELECT at, kind, actor, subject, message FROM audit
    WHERE subject = 'integration:' || :integration AND at >= :start AND at < :end
    ORDER BY no DESC LIMIT :limit
)
ORDER BY 1;

-- name: holes
SELECT from_at, to_at, reason FROM gap
WHERE from_at < :end AND (to_at IS NULL OR to_at > :start) ORDER BY from_at DESC LIMIT :limit;
