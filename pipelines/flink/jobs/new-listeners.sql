-- Which program accepts on a port of this host for the first time?
--
-- Input: accepts. A listener is a host, a port and an executable, so that another program behind an old port is new too.
-- Output: new_listeners, at once, a row for the first accept of each.
-- State: one flag for each listener, for 30 days after its row; then it counts as new again, also if it was in use.
SET 'pipeline.name' = 'new-listeners';
SET 'table.exec.state.ttl' = '30 d';

INSERT INTO new_listeners
SELECT
  accepted_at, event_time, host, host_id, local_port, exe,
  local_ip, remote_ip, pid, comm, user_name, container_id
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY host, host_id, local_port, exe ORDER BY seen_at) AS nth
  FROM accepts
)
WHERE nth = 1;
