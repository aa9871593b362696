-- Who tries one listener after the other?
--
-- Input: accepts, in windows of 10 seconds of event time. Only ports that something listens on are in it, over all hosts:
--   a peer that reaches 10 different ones within a window is a row.
-- Output: port_scans, when a window is over; accepts that come later than its end and the watermark's 5 s are left out.
-- State: the listeners that each peer reached in the windows that are open; it goes with them.
SET 'pipeline.name' = 'port-scans';
-- What a reader of a partition has counted by itself would wait there while the partition has no new records, until the
-- others have ended the window.
SET 'table.optimizer.agg-phase-strategy' = 'ONE_PHASE';

INSERT INTO port_scans
SELECT
  window_start, window_end, remote_ip,
  COUNT(DISTINCT CONCAT(host, ' ', host_id, ' ', local_ip, ' ', CAST(local_port AS STRING))) AS listeners,
  COUNT(DISTINCT CONCAT(host, ' ', host_id)) AS hosts,
  COUNT(*) AS accepts
FROM TUMBLE(TABLE accepts, DESCRIPTOR(accepted_at), INTERVAL '10' SECOND)
GROUP BY window_start, window_end, remote_ip
HAVING COUNT(DISTINCT CONCAT(host, ' ', host_id, ' ', local_ip, ' ', CAST(local_port AS STRING))) >= 10;
