#!/bin/sh
# Lines of --format ecs on stdin into a data stream of OpenSearch or Elasticsearch, a thousand in a request: recordings,
# topics, and what is captured while you look. For a service take rsyslog.conf, vector.yaml or fluent-bit.yaml beside it.
#   acceptstream read --format ecs /var/lib/acceptstream | ./bulk.sh [URL [DATA-STREAM]]
# User, certificate and the like go into ~/.curlrc (`user = "NAME:PASSWORD"`, `cacert = "FILE"`).
# The id of an accept is its document's: what is there already is passed over, so after a failure run it again.
set -eu
export LC_ALL=C SHELL=/bin/sh

# One request, its body on stdin.
if [ -n "${ACCEPTSTREAM_BULK:-}" ]; then
  answer=$(curl --silent --show-error --fail-with-body --retry 5 --retry-all-errors \
    --header 'content-type: application/x-ndjson' --data-binary @- "$ACCEPTSTREAM_BULK") || {
    printf 'bulk.sh: %.500s\n' "$answer" >&2
    exit 1
  }
  refused=$(printf %s "$answer" | grep -o '"error":{"type":"[^"]*","reason":"[^"]*"' |
    grep -v version_conflict_engine_exception) || exit 0
  printf 'bulk.sh: refused: %s\n' "$(printf %s "$refused" | head -1)" >&2
  exit 1
fi

export ACCEPTSTREAM_BULK="${1:-http://127.0.0.1:9200}/${2:-logs-acceptstream.accept-default}/_bulk?filter_path=items.create.error"
export ACCEPTSTREAM_SEND="$0"
sed -E 's/^\{"@timestamp":"[^"]*","ecs":\{[^{}]*\},"event":\{[^{}]*"id":"([^"\\]+)".*$/{"create":{"_id":"\1"}}\n&/;t
  s/^/{"create":{}}\n/' |
  split --lines=2000 --filter='exec /bin/sh "$ACCEPTSTREAM_SEND"' -
