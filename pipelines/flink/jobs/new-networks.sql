-- From which networks is this host connected to for the first time?
--
-- Input: accepts. A network is the /24 of an IPv4 peer, or the /64 of an IPv6 peer with its four groups written out:
--   inet_ntop leaves out the longest run of zeros, so they are put in again first.
-- Output: new_networks, at once, a row for the first accept of each network and host.
-- State: one flag for each network and host, for 30 days after its row; then it counts as new again, also if it was in use.
SET 'pipeline.name' = 'new-networks';
SET 'table.exec.state.ttl' = '30 d';

INSERT INTO new_networks
WITH counted AS (
  -- Groups of an IPv6 address that are written, each with the colons around it.
  SELECT *, CHAR_LENGTH(REGEXP_REPLACE(remote_ip, ':*[^:]+:*', 'x')) AS written FROM accepts
),
placed AS (
  SELECT
    *,
    CASE
      WHEN remote_ip LIKE '%:%' THEN CONCAT(
        REGEXP_EXTRACT(REPLACE(remote_ip, '::', CONCAT(':', REPEAT('0:', 8 - written))), '^:?(([^:]+:){4})', 1),
        ':/64')
      ELSE CONCAT(REGEXP_EXTRACT(remote_ip, '^([0-9]+[.][0-9]+[.][0-9]+)[.]', 1), '.0/24')
    END AS network
  FROM counted
)
SELECT accepted_at, event_time, host, host_id, network, remote_ip, local_port, comm, exe
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY host, host_id, network ORDER BY seen_at) AS nth FROM placed
)
WHERE nth = 1;
