#!/usr/bin/env bash
# Opens the books, sends three travellers off one after the other, and looks what became of them. With curl.
#
#   AGENCY=3501 travel.sh      the port of the sidecar's HTTP API
set -euo pipefail

agency=http://localhost:$AGENCY/v1.0
value() { curl -sf "$agency/state/books/$1"; }

curl -sf -X POST "$agency/state/books" -H 'content-type: application/json' \
  -d '[{"key": "seats-lisbon", "value": 3}, {"key": "rooms-lisbon", "value": 2}, {"key": "cars-lisbon", "value": 1}]'
for trip in t1 t2 t3; do
  for time in first second; do
    curl -sf -X POST "$agency/publish/agency/trips?metadata.darq.id=$trip&metadata.partitionKey=lisbon" \
      -H 'content-type: application/json' -d "{\"id\": \"$trip\", \"destination\": \"lisbon\"}"
  done
  until became=$(value "trip-$trip") && [[ -n $became ]]; do
    sleep 0.2
  done
  echo "$trip  ${became//\"/}"
done
echo "left: $(value seats-lisbon) seats, $(value rooms-lisbon) room, $(value cars-lisbon) cars"
