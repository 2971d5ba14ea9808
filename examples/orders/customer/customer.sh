#!/usr/bin/env bash
# Fills the shelf, orders, and looks what became of it. With curl.
#
#   STOCK=3501 BILL=3502 PARCELS=3503 customer.sh      the ports of the three sidecars' HTTP APIs
set -euo pipefail

orders=(
  'o1 2 tea ann'
  'o2 1 coffee bob'
  'o3 2 tea ann'
  'o4 2 tea bob'
  'o5 2 coffee ann'
)

value() { curl -sf "http://localhost:$1/v1.0/state/books/$2"; } # port, key

order() { # id, count, item, customer
  # The id says what is ordered, so that ordering twice is ordering once. The orders for one item are handled one after the other.
  curl -sf -X POST "http://localhost:$STOCK/v1.0/publish/shop/orders?metadata.darq.id=$1&metadata.partitionKey=$3" \
    -H 'content-type: application/json' -d "{\"id\": \"$1\", \"count\": $2, \"item\": \"$3\", \"customer\": \"$4\"}"
}

curl -sf -X POST "http://localhost:$STOCK/v1.0/state/books" -H 'content-type: application/json' \
  -d '[{"key": "stock-tea", "value": 5}, {"key": "stock-coffee", "value": 3}]'
for time in first second; do
  for line in "${orders[@]}"; do
    read -ra words <<<"$line"
    order "${words[@]}"
  done
done

for line in "${orders[@]}"; do
  read -r id count item customer <<<"$line"
  until became=$(value "$PARCELS" "order-$id") && [[ -n $became ]]; do
    sleep 0.2
  done
  printf '%s  %s %-7s %s  %s\n' "$id" "$count" "$item" "$customer" "${became//\"/}"
done
echo "left: $(value "$STOCK" stock-tea) tea, $(value "$STOCK" stock-coffee) coffee"
echo "bills: ann $(value "$BILL" bill-ann), bob $(value "$BILL" bill-bob)"
