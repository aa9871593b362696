-- Which process accepted the connection of this HTTP request, and how long did it wait for that?
--
-- Inputs: accepts, http_requests. Both name the connection by its four ends; the times must be within 5 seconds, because
--   the same four ends may come again later. A request that is logged later, at the end of a long answer or on a
--   connection that is kept open, has no row.
-- Output: http_accepts, a row for each pair, as soon as the second one is there. A record that is in a topic twice is in
--   the output twice: capture_id, cpu and sequence tell accepts apart.
-- State: both inputs for 5 s and the watermark's 5 s, in event time; it goes by itself.
SET 'pipeline.name' = 'http-accepts';

INSERT INTO http_accepts
SELECT
  a.accepted_at, a.event_time,
  a.host, a.pid, a.comm, a.exe, a.user_name, a.container_id, a.entity_id,
  a.remote_ip, a.remote_port, a.local_ip, a.local_port,
  a.queued_us, a.rtt_us, a.backlog,
  h.request_method, h.request_uri, h.status, h.request_time, CAST(h.logged_at AS TIMESTAMP_LTZ(3)) AS logged_at
FROM accepts AS a
JOIN http_requests AS h
  ON h.remote_ip = a.remote_ip AND h.remote_port = a.remote_port
  AND h.server_ip = a.local_ip AND h.server_port = a.local_port
  AND h.logged_at BETWEEN a.accepted_at - INTERVAL '5' SECOND AND a.accepted_at + INTERVAL '5' SECOND;
