-- The topics as tables, behind cluster.sql. Column names are those of the records; times of events are TIMESTAMP_LTZ(3),
-- which windows and interval joins take, and the exact microseconds stay beside them as BIGINT.

SET 'table.local-time-zone' = 'UTC';
-- A partition without records doesn't hold up the others' windows and joins for longer than that.
SET 'table.exec.source.idle-timeout' = '5 s';

-- Accepts, as our Kafka sink writes them: Avro in the registry's framing. All fields of schemas/accept.avsc; the
-- timestamps-micros among them are BIGINT, because this format reads them right as nothing else. Columns are nullable so
-- that records of older schemas can be read too.
CREATE TABLE accepts (
  event_time BIGINT,
  monotonic_us BIGINT,
  host STRING,
  host_id STRING,
  capture_id STRING,
  cpu INT,
  sequence BIGINT,
  lost BIGINT,
  hook STRING,
  pid INT,
  tid INT,
  ppid INT,
  uid BIGINT,
  gid BIGINT,
  comm STRING,
  process_start BIGINT,
  ip_version INT,
  remote_address STRING,
  remote_port INT,
  local_address STRING,
  local_port INT,
  peer_reset BOOLEAN,
  mptcp BOOLEAN,
  netns BIGINT,
  mntns BIGINT,
  pidns BIGINT,
  cgroup_id BIGINT,
  cgroup STRING,
  backlog INT,
  backlog_max INT,
  queued_us BIGINT,
  rtt_us BIGINT,
  cgroup_path STRING,
  exe STRING,
  container_id STRING,
  entity_id STRING,
  user_name STRING,
  community_id STRING,
  accepted_at AS TO_TIMESTAMP_LTZ(event_time / 1000, 3),
  -- IPv4 peers of a dual-stack listener as other tools name them.
  remote_ip AS REGEXP_REPLACE(remote_address, '^::ffff:', ''),
  local_ip AS REGEXP_REPLACE(local_address, '^::ffff:', ''),
  seen_at AS PROCTIME(),
  -- Records of many hosts meet in one partition: what one of them keeps back for longer is late.
  WATERMARK FOR accepted_at AS accepted_at - INTERVAL '5' SECOND
) WITH ('topic' = 'accepts') LIKE registered;

-- HTTP access logs as JSON, one object for each request, under the names of nginx's variables:
--   log_format kafka escape=json '{"msec":$msec,"remote_addr":"$remote_addr","remote_port":$remote_port,'
--     '"server_addr":"$server_addr","server_port":$server_port,"request_method":"$request_method",'
--     '"request_uri":"$request_uri","status":$status,"request_time":$request_time}';
CREATE TABLE http_requests (
  msec DECIMAL(16, 3),
  remote_addr STRING,
  remote_port INT,
  server_addr STRING,
  server_port INT,
  request_method STRING,
  request_uri STRING,
  status INT,
  request_time DOUBLE,
  logged_at AS TO_TIMESTAMP_LTZ(CAST(msec * 1000 AS BIGINT), 3),
  remote_ip AS REGEXP_REPLACE(remote_addr, '^::ffff:', ''),
  server_ip AS REGEXP_REPLACE(server_addr, '^::ffff:', ''),
  WATERMARK FOR logged_at AS logged_at - INTERVAL '5' SECOND
) WITH ('topic' = 'http-access', 'format' = 'json') LIKE kafka;

-- Suricata's EVE records of type flow, with community-id: yes in its configuration. Its addresses are as on the wire,
-- those of IPv6 with all their zeros: the community id is what they share with an accept.
CREATE TABLE flows (
  `timestamp` STRING,
  event_type STRING,
  src_ip STRING,
  src_port INT,
  dest_ip STRING,
  dest_port INT,
  proto STRING,
  app_proto STRING,
  community_id STRING,
  flow ROW<
    pkts_toserver BIGINT, pkts_toclient BIGINT, bytes_toserver BIGINT, bytes_toclient BIGINT,
    `start` STRING, state STRING, reason STRING
  >,
  -- 2026-09-21T14:13:20.123456+0200. TO_TIMESTAMP_LTZ would pass over the offset.
  logged_at AS TO_TIMESTAMP_LTZ(
    1000 * UNIX_TIMESTAMP(REGEXP_REPLACE(`timestamp`, '\.[0-9]+', ''), 'yyyy-MM-dd''T''HH:mm:ssZ')
      + CAST(REGEXP_EXTRACT(`timestamp`, '\.([0-9]{3})', 1) AS BIGINT), 3),
  WATERMARK FOR logged_at AS logged_at - INTERVAL '5' SECOND
) WITH ('topic' = 'suricata-eve', 'format' = 'json') LIKE kafka;

-- Answers: what the jobs write, one topic each.

CREATE TABLE http_accepts (
  accepted_at TIMESTAMP_LTZ(3), event_time BIGINT,
  host STRING, pid INT, comm STRING, exe STRING, user_name STRING, container_id STRING, entity_id STRING,
  remote_ip STRING, remote_port INT, local_ip STRING, local_port INT,
  queued_us BIGINT, rtt_us BIGINT, backlog INT,
  request_method STRING, request_uri STRING, status INT, request_time DOUBLE, logged_at TIMESTAMP_LTZ(3)
) WITH ('topic' = 'http-accepts', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601') LIKE kafka;

CREATE TABLE flow_accepts (
  accepted_at TIMESTAMP_LTZ(3), event_time BIGINT, community_id STRING,
  host STRING, pid INT, comm STRING, exe STRING, user_name STRING, container_id STRING, entity_id STRING,
  remote_ip STRING, remote_port INT, local_ip STRING, local_port INT,
  app_proto STRING, bytes_toserver BIGINT, bytes_toclient BIGINT, state STRING, reason STRING,
  logged_at TIMESTAMP_LTZ(3)
) WITH ('topic' = 'flow-accepts', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601') LIKE kafka;

CREATE TABLE new_listeners (
  accepted_at TIMESTAMP_LTZ(3), event_time BIGINT,
  host STRING, host_id STRING, local_port INT, exe STRING,
  local_ip STRING, remote_ip STRING, pid INT, comm STRING, user_name STRING, container_id STRING
) WITH ('topic' = 'new-listeners', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601') LIKE kafka;

CREATE TABLE new_networks (
  accepted_at TIMESTAMP_LTZ(3), event_time BIGINT,
  host STRING, host_id STRING, network STRING,
  remote_ip STRING, local_port INT, comm STRING, exe STRING
) WITH ('topic' = 'new-networks', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601') LIKE kafka;

CREATE TABLE port_scans (
  window_start TIMESTAMP_LTZ(3), window_end TIMESTAMP_LTZ(3),
  remote_ip STRING, listeners BIGINT, hosts BIGINT, accepts BIGINT
) WITH ('topic' = 'port-scans', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601') LIKE kafka;

CREATE TABLE backlog_pressure (
  window_start TIMESTAMP_LTZ(3), window_end TIMESTAMP_LTZ(3),
  host STRING, host_id STRING, netns BIGINT, local_port INT,
  accepts BIGINT, backlog INT, backlog_max INT, fill DOUBLE, queued_us BIGINT
) WITH ('topic' = 'backlog-pressure', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601') LIKE kafka;
