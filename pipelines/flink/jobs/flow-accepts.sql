-- Which process on the host is behind this flow that Suricata saw on the wire?
--
-- Inputs: accepts, flows. Both have the same community id. Suricata logs a flow at its end, up to a minute after the last
--   packet: those that are logged more than 10 minutes after the accept have no row. With NAT between the two their ids differ.
-- Output: flow_accepts, a row for each pair; one for each sensor that saw the flow.
-- State: accepts for 10 minutes and the watermark's 5 s, in event time, which is most of what this job costs; flows only
--   for the watermark's.
SET 'pipeline.name' = 'flow-accepts';

INSERT INTO flow_accepts
SELECT
  a.accepted_at, a.event_time, a.community_id,
  a.host, a.pid, a.comm, a.exe, a.user_name, a.container_id, a.entity_id,
  a.remote_ip, a.remote_port, a.local_ip, a.local_port,
  f.app_proto, f.flow.bytes_toserver, f.flow.bytes_toclient, f.flow.state, f.flow.reason,
  CAST(f.logged_at AS TIMESTAMP_LTZ(3)) AS logged_at
FROM accepts AS a
JOIN flows AS f
  ON f.community_id = a.community_id
  AND f.event_type = 'flow'
  AND a.accepted_at BETWEEN f.logged_at - INTERVAL '10' MINUTE AND f.logged_at + INTERVAL '1' SECOND;
