package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// completeness is a file that `weiguard audit query --proof` wrote (docs/audit.md says what stands in it).
type completeness struct {
	Tenant     string
	Account    *string
	From       *string
	Until      string
	Checkpoint string
	Days       []struct {
		Place   int64
		Index   string
		Hashes  tlog.RecordProof
		Rows    []shownRow
		Entries []string
	}
}

type shownRow struct {
	Place  int64
	Row    string
	Hashes tlog.RecordProof
}

type row struct {
	Account string `json:"account"`
	Entries int64  `json:"entries"`
	Root    string `json:"root"`
}

// index is an entry `index.day` of the log.
type index struct {
	Kind, Tenant, Day, Clock, Root string
	Accounts                       int64
	Previous                       *struct{ Day, Leaf string }
}

// about is what an entry says of whom it is about.
type about struct {
	Kind, Tenant string
	Record       struct {
		Key struct{ Account string }
	}
	Event struct {
		Data struct {
			Account string
			Key     struct{ Account string }
		}
	}
}

func (a about) account() string {
	for _, found := range []string{a.Record.Key.Account, a.Event.Data.Key.Account, a.Event.Data.Account} {
		if found != "" {
			return found
		}
	}
	return ""
}

func verifyCompleteness(path string, verifier note.Verifier) (string, error) {
	var proof completeness
	body, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(body, &proof); err != nil {
		return "", err
	}
	tree, err := checkpoint([]byte(proof.Checkpoint), verifier)
	if err != nil {
		return "", err
	}
	before, until, count := "", "", 0
	for number, day := range proof.Days {
		var told index
		if err := json.Unmarshal([]byte(day.Index), &told); err != nil {
			return "", err
		}
		leaf := tlog.RecordHash([]byte(day.Index))
		if err := tlog.CheckRecord(day.Hashes, tree.N, tree.Hash, day.Place, leaf); err != nil {
			return "", fmt.Errorf("index of %s: %w", told.Day, err)
		}
		if told.Kind != "index.day" || told.Tenant != proof.Tenant {
			return "", fmt.Errorf("a %s of %s", told.Kind, told.Tenant)
		}
		first := number == 0
		switch {
		case first && told.Previous != nil && (proof.From == nil || told.Previous.Day >= *proof.From):
			return "", fmt.Errorf("%s is not the first day", told.Day)
		case !first && (told.Previous == nil || told.Previous.Leaf != before):
			return "", fmt.Errorf("a day is missing before %s", told.Day)
		}
		before, until = fmt.Sprintf("%x", leaf[:]), told.Clock[:10]
		if (proof.From != nil && told.Day < *proof.From) || told.Day >= proof.Until {
			continue
		}
		if err := proof.check(told, day.Entries, day.Rows); err != nil {
			return "", fmt.Errorf("%s: %w", told.Day, err)
		}
		count += len(day.Entries)
	}
	if until < proof.Until {
		return "", fmt.Errorf("nothing shows that days from %s on are over", until)
	}
	return fmt.Sprintf("%d entries, and no others, until %s", count, proof.Until), nil
}

// check holds the entries of a day against its index.
func (proof completeness) check(told index, entries []string, shown []shownRow) error {
	of := map[string][]string{}
	for _, entry := range entries {
		var each about
		if err := json.Unmarshal([]byte(entry), &each); err != nil {
			return err
		}
		if each.Tenant != proof.Tenant || (proof.Account != nil && each.account() != *proof.Account) {
			return fmt.Errorf("an entry of %s, %s", each.Tenant, each.account())
		}
		of[name(each.account())] = append(of[name(each.account())], entry)
	}
	if proof.Account == nil {
		var rows []string
		for _, account := range sorted(of) {
			made, _ := json.Marshal(row{account, int64(len(of[account])), rootOf(of[account])})
			rows = append(rows, string(made))
		}
		if rootOf(rows) != told.Root {
			return fmt.Errorf("the entries have the root %s, committed is %s", rootOf(rows), told.Root)
		}
		return nil
	}
	return checkRows(name(*proof.Account), told, entries, shown)
}

// checkRows looks for the account's own row, or for two side by side between which it would stand.
func checkRows(wanted string, told index, entries []string, shown []shownRow) error {
	var root tlog.Hash
	coded, err := hex.DecodeString(told.Root)
	if err != nil || copy(root[:], coded) != len(root) {
		return fmt.Errorf("no root: %s", told.Root)
	}
	var found []row
	for _, each := range shown {
		var read row
		if err := json.Unmarshal([]byte(each.Row), &read); err != nil {
			return err
		}
		leaf := tlog.RecordHash([]byte(each.Row))
		if err := tlog.CheckRecord(each.Hashes, told.Accounts, root, each.Place, leaf); err != nil {
			return err
		}
		found = append(found, read)
	}
	switch {
	case len(found) == 1 && found[0].Account == wanted:
		if found[0].Entries != int64(len(entries)) || found[0].Root != rootOf(entries) {
			return fmt.Errorf("%d entries that are not those of the row", len(entries))
		}
		return nil
	case len(entries) > 0:
		return fmt.Errorf("entries without a row")
	case len(found) == 1 && wanted < found[0].Account && shown[0].Place == 0,
		len(found) == 1 && wanted > found[0].Account && shown[0].Place == told.Accounts-1,
		len(found) == 2 && shown[0].Place+1 == shown[1].Place && found[0].Account < wanted && wanted < found[1].Account:
		return nil
	}
	return fmt.Errorf("no row of the account, nor that there is none")
}

func name(account string) string {
	if account == "" {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(account)))
}

func sorted(of map[string][]string) []string {
	var names []string
	for each := range of {
		names = append(names, each)
	}
	sort.Strings(names)
	return names
}

// rootOf returns the root over records as the library has it, in hexadecimal.
func rootOf(records []string) string {
	var stored []tlog.Hash
	for number, record := range records {
		added, err := tlog.StoredHashes(int64(number), []byte(record), hashes(stored))
		if err != nil {
			return err.Error()
		}
		stored = append(stored, added...)
	}
	root, err := tlog.TreeHash(int64(len(records)), hashes(stored))
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%x", root[:])
}
