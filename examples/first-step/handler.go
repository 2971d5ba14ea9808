// Moves money from one account to another. The answer to a message is its step.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

const accounts = "http://localhost:3500/v1.0/state/ledger/bulk"

type object = map[string]any

type transfer struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Amount int64  `json:"amount"`
}

func step(t transfer) (object, error) {
	question, _ := json.Marshal(object{"keys": []string{t.From, t.To}})
	answer, err := http.Post(accounts, "application/json", bytes.NewReader(question))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var read []struct {
		Key, ETag string
		Data      int64
	}
	if err := json.NewDecoder(answer.Body).Decode(&read); err != nil {
		return nil, fmt.Errorf("state answers %s: %w", answer.Status, err)
	}
	change := map[string]int64{t.From: -t.Amount, t.To: t.Amount}
	var state []object
	for _, account := range read {
		write := object{"op": "upsert", "key": account.Key, "value": account.Data + change[account.Key]}
		if account.ETag != "" { // only if nobody has changed it since it was read
			write["etag"] = account.ETag
		} else {
			write["concurrency"] = "first-write"
		}
		state = append(state, write)
	}
	return object{"state": state, "emit": []object{{"topic": "receipts", "data": t}}}, nil
}

func main() {
	http.HandleFunc("/work", func(w http.ResponseWriter, r *http.Request) {
		var event struct{ Data transfer }
		err := json.NewDecoder(r.Body).Decode(&event)
		if err == nil {
			var done object
			if done, err = step(event.Data); err == nil {
				json.NewEncoder(w).Encode(done)
				return
			}
		}
		http.Error(w, err.Error(), http.StatusInternalServerError) // the message comes again
	})
	panic(http.ListenAndServe("127.0.0.1:8080", nil))
}
