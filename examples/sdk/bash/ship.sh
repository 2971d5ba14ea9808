#!/usr/bin/env bash
# Ships the orders of a file, one in each line: id,item,count. Each is one step: the stock is taken, the order written down and the
# parcel announced, or none of it. Killed at any moment and started again with the same file it ships none twice.
set -uo pipefail

dapr=http://localhost:${DAPR_HTTP_PORT:-3500}/v1.0/state/statestore
headers=$(mktemp)
trap 'rm -f "$headers"' EXIT

ship() { # id, item, count
  local stock etag order emit
  stock=$(curl -fsS -D "$headers" "$dapr/stock-$2") || return
  etag=$(sed -n 's/^etag: *"\{0,1\}\([0-9-]*\).*/\1/Ip' "$headers")
  [[ -n $etag ]] || { echo "there is no stock of $2" >&2; return 1; }
  order="{\"id\":\"$1\",\"item\":\"$2\",\"count\":$3}"
  emit="[{\"topic\":\"shipped\",\"data\":$order}]"
  # The id makes the step safe to repeat: whoever does not hear the answer sends it again.
  curl -fsS -H "content-type: application/json" -d @- "$dapr/transaction" <<JSON
{
  "operations": [
    {"operation": "upsert", "request": {"key": "stock-$2", "value": $((stock - $3)), "etag": "$etag"}},
    {"operation": "upsert", "request": {"key": "order-$1", "value": $order}}
  ],
  "metadata": {"darq.id": "ship-$1", "darq.emit": "${emit//\"/\\\"}"}
}
JSON
}

while IFS=, read -r id item count; do
  until ship "$id" "$item" "$count"; do
    echo "order $id is tried again" >&2
    sleep 1
  done
done <"$1"
