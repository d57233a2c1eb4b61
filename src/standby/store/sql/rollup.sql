-- name: next_raw -- the oldest sample that is not rolled up yet
SELECT min(oldest) FROM (
    SELECT (SELECT min(o.slot) FROM observation o WHERE o.check_no = k.no AND o.slot >= :from) AS oldest
    FROM check_key k
);

-- name: raw -- CROSS JOIN keeps SQLite at one range a check; elsewhere it is the same join
SELECT o.check_no, o.outcome, o.latency_us, o.resolve_us, o.connect_us, o.tls_us, o.first_byte_us, o.transfer_us
FROM check_key k CROSS JOIN observation o
WHERE o.check_no = k.no AND o.slot >= :from AND o.slot < :to;

-- name: raw_of
SELECT check_no, outcome, latency_us, resolve_us, connect_us, tls_us, first_byte_us, transfer_us
FROM observation WHERE check_no = :check_no AND slot >= :from AND slot < :to;

-- name: next_minute -- the oldest minute that is in no hour yet
SELECT min(oldest) FROM (
    SELECT (SELECT min(r.bucket) FROM rollup_minute r WHERE r.check_no = k.no AND r.bucket >= :from) AS oldest
    FROM check_key k
);

-- name: minutes
SELECT r.check_no, r.count, r.failures, r.degraded, r.unknown, r.maintenance, r.latency_count, r.latency_min_us,
    r.latency_sum_us, r.latency_max_us, r.sketch, r.phases
FROM check_key k CROSS JOIN rollup_minute r
WHERE r.check_no = k.no AND r.bucket >= :from AND r.bucket < :to;

-- name: minutes_of
SELECT check_no, count, failures, degraded, unknown, maintenance, latency_count, latency_min_us, latency_sum_us,
    latency_max_us, sketch, phases
FROM rollup_minute WHERE check_no = :check_no AND bucket >= :from AND bucket < :to;

-- name: put_minute
INSERT INTO rollup_minute (check_no, bucket, count, failures, degraded, unknown, maintenance, latency_count,
    latency_min_us, latency_sum_us, latency_max_us, sketch, phases)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (check_no, bucket) DO UPDATE SET count = excluded.count, failures = excluded.failures,
    degraded = excluded.degraded, unknown = excluded.unknown, maintenance = excluded.maintenance,
    latency_count = excluded.latency_count, latency_min_us = excluded.latency_min_us,
    latency_sum_us = excluded.latency_sum_us, latency_max_us = excluded.latency_max_us, sketch = excluded.sketch,
    phases = excluded.phases;

-- name: put_hour
INSERT INTO rollup_hour (check_no, bucket, count, failures, degraded, unknown, maintenance, latency_count,
    latency_min_us, latency_sum_us, latency_max_us, sketch, phases)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (check_no, bucket) DO UPDATE SET count = excluded.count, failures = excluded.failures,
    degraded = excluded.degraded, unknown = excluded.unknown, maintenance = excluded.maintenance,
    latency_count = excluded.latency_count, latency_min_us = excluded.latency_min_us,
    latency_sum_us = excluded.latency_sum_us, latency_max_us = excluded.latency_max_us, sketch = excluded.sketch,
    phases = excluded.phases;

-- name: late_minutes
SELECT check_no, bucket FROM late_minute ORDER BY bucket LIMIT :limit;

-- name: forget_late_minute
DELETE FROM late_minute WHERE check_no = ? AND bucket = ?;

-- name: set_watermark
INSERT INTO watermark (name, at) VALUES (:name, :at) ON CONFLICT (name) DO UPDATE SET at = excluded.at;
