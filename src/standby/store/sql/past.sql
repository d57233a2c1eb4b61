-- name: observations -- oldest first, a page at a time
SELECT slot, at, outcome, latency_us, resolve_us, connect_us, tls_us, first_byte_us, transfer_us, failure, message,
    metrics
FROM observation WHERE check_no = :check_no AND slot >= :start AND slot < :end ORDER BY slot LIMIT :limit;

-- name: minutes -- oldest first, a page at a time
SELECT k.id, r.bucket, r.count, r.failures, r.degraded, r.unknown, r.maintenance, r.latency_count, r.latency_min_us,
    r.latency_sum_us, r.latency_max_us, r.sketch
FROM rollup_minute r JOIN check_key k ON k.no = r.check_no
WHERE r.check_no = :check_no AND r.bucket >= :start AND r.bucket < :end ORDER BY r.bucket LIMIT :limit;

-- name: single_from -- where the samples begin that are all kept
SELECT min(slot) FROM observation
WHERE check_no = :check_no AND slot >= (SELECT coalesce(max(at), 0) FROM watermark WHERE name = 'raw');

-- name: first -- when the oldest of either begins
SELECT (SELECT min(bucket) FROM rollup_minute WHERE check_no = :check_no),
    (SELECT min(slot) FROM observation WHERE check_no = :check_no);

-- name: fired -- that were firing at some time in a span
SELECT id, rule, integration, severity, state, since, fired_at, resolved_at, acked_by, acked_at, acked_from, summary,
    machine, labels, mutes, acked_until, escalations, origin
FROM alert
WHERE fired_at IS NOT NULL AND fired_at < :end AND (resolved_at IS NULL OR resolved_at > :start)
ORDER BY id;
