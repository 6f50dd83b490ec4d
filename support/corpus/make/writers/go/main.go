// What encoding/json writes for a struct: `go run . IN OUT`.
package main

import (
	"bytes"
	"encoding/json"
	"os"
	"time"
)

type event struct {
	ID       string              `json:"id"`
	Occurred time.Time           `json:"occurred"`
	Event    string              `json:"event"`
	Resource map[string]string   `json:"resource"`
	Related  []map[string]string `json:"related"`
	Payload  map[string]any      `json:"payload"`
	Follows  *string             `json:"follows,omitempty"`
}

func main() {
	source, err := os.ReadFile(os.Args[1])
	check(err)
	var made []struct {
		Event event `json:"event"`
	}
	check(json.Unmarshal(source, &made))
	texts := make([][]byte, len(made))
	for at := range made {
		texts[at], err = json.Marshal(made[at].Event)
		check(err)
	}
	check(os.WriteFile(os.Args[2], bytes.Join(texts, []byte{0}), 0o644))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
