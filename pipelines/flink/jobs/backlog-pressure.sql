-- Which listeners don't accept as fast as peers connect?
--
-- Input: accepts, in windows of 10 seconds of event time. A row is a listener whose accept queue was at least four fifths
--   full, or where a connection waited at least 100 ms. Beyond its limit, the kernel drops what peers send to connect.
--   Values that a hook doesn't know (-1) count as none.
-- Output: backlog_pressure, when a window is over: the greatest queue, fill and wait seen in it. Accepts that come later
--   than its end and the watermark's 5 s are left out.
-- State: a few numbers for each listener in the windows that are open; they go with them.
SET 'pipeline.name' = 'backlog-pressure';
-- What a reader of a partition has counted by itself would wait there while the partition has no new records, until the
-- others have ended the window.
SET 'table.optimizer.agg-phase-strategy' = 'ONE_PHASE';

INSERT INTO backlog_pressure
WITH measured AS (
  SELECT *, CASE WHEN backlog >= 0 AND backlog_max > 0 THEN CAST(backlog AS DOUBLE) / backlog_max END AS fill
  FROM accepts
)
SELECT
  window_start, window_end, host, host_id, netns, local_port,
  COUNT(*) AS accepts, MAX(backlog) AS backlog, MAX(backlog_max) AS backlog_max,
  MAX(fill) AS fill, MAX(queued_us) AS queued_us
FROM TUMBLE(TABLE measured, DESCRIPTOR(accepted_at), INTERVAL '10' SECOND)
GROUP BY window_start, window_end, host, host_id, netns, local_port
HAVING MAX(fill) >= 0.8 OR MAX(queued_us) >= 100000;
