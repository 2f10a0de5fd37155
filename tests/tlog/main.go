// Verifies an exported audit log with code that is not Weiguard's: the transparency log of the Go project.
//
//	tlog DIR KEY            checkpoint, every tile, every entry
//	tlog DIR KEY OLD        and that the log begins with that of the checkpoint OLD
//	tlog FILE.tlog-proof KEY  one entry, from its proof alone
//	tlog FILE.completeness KEY  that the entries in it are all of an account, or of a tenant, on some days
//
// KEY is a file with the public key. It prints what it verified, or what is wrong and exits with 1.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	said, err := run(os.Args[1:])
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	fmt.Println(said)
}

func run(args []string) (string, error) {
	if len(args) < 2 {
		return "", fmt.Errorf("found %d arguments; expected a folder or a proof, and a key", len(args))
	}
	key, err := os.ReadFile(args[1])
	if err != nil {
		return "", err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		return "", err
	}
	if strings.HasSuffix(args[0], ".tlog-proof") {
		return verifyProof(args[0], verifier)
	}
	if strings.HasSuffix(args[0], ".completeness") {
		return verifyCompleteness(args[0], verifier)
	}
	tree, err := verifyLog(args[0], verifier)
	if err != nil {
		return "", err
	}
	if len(args) > 2 {
		if err := verifyConsistency(args[0], args[2], verifier, tree); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d entries, root %s", tree.N, tree.Hash), nil
}

// checkpoint opens a signed note and reads the tree that it speaks of.
func checkpoint(body []byte, verifier note.Verifier) (tlog.Tree, error) {
	var tree tlog.Tree
	opened, err := note.Open(body, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("no checkpoint of %s", verifier.Name())
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// folder reads tiles from files. Their paths here have no height, as all have the same (c2sp.org/tlog-tiles).
type folder string

func (f folder) Height() int { return 8 }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		body, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		found = append(found, body)
	}
	return found, nil
}

// verifyLog builds the tree anew from the entries, and then reads every hash of an entry from the tiles.
func verifyLog(dir string, verifier note.Verifier) (tlog.Tree, error) {
	body, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return tlog.Tree{}, err
	}
	tree, err := checkpoint(body, verifier)
	if err != nil {
		return tree, err
	}
	leaves, stored, err := entries(dir, tree.N)
	if err != nil {
		return tree, err
	}
	root, err := tlog.TreeHash(tree.N, hashes(stored))
	if err != nil {
		return tree, err
	}
	if root != tree.Hash {
		return tree, fmt.Errorf("the entries have the root %s, signed is %s", root, tree.Hash)
	}
	reader := tlog.TileHashReader(tree, folder(dir))
	for index, leaf := range leaves {
		proof, err := tlog.ProveRecord(tree.N, int64(index), reader)
		if err != nil {
			return tree, fmt.Errorf("entry %d: %w", index, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), leaf); err != nil {
			return tree, fmt.Errorf("entry %d: %w", index, err)
		}
	}
	return tree, nil
}

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		found = append(found, h[index])
	}
	return found, nil
}

// entries reads all bundles; it returns the hashes of the entries, and those of all subtrees as the library keeps them.
func entries(dir string, size int64) ([]tlog.Hash, []tlog.Hash, error) {
	var leaves, stored []tlog.Hash
	for start := int64(0); start < size; start += 256 {
		width := 256
		if size-start < 256 {
			width = int(size - start)
		}
		tile := tlog.Tile{H: 8, L: 0, N: start / 256, W: width}
		path := filepath.Join(dir, strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1))
		body, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, err
		}
		for number := 0; number < width; number++ {
			if len(body) < 2 || len(body) < 2+int(binary.BigEndian.Uint16(body)) {
				return nil, nil, fmt.Errorf("%s ends within entry %d", path, number)
			}
			length := int(binary.BigEndian.Uint16(body))
			entry := body[2 : 2+length]
			body = body[2+length:]
			added, err := tlog.StoredHashes(int64(len(leaves)), entry, hashes(stored))
			if err != nil {
				return nil, nil, err
			}
			stored = append(stored, added...)
			leaves = append(leaves, tlog.RecordHash(entry))
		}
		if len(body) > 0 {
			return nil, nil, fmt.Errorf("%s has more than %d entries", path, width)
		}
	}
	return leaves, stored, nil
}

func verifyConsistency(dir, path string, verifier note.Verifier, tree tlog.Tree) error {
	body, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	old, err := checkpoint(body, verifier)
	if err != nil {
		return err
	}
	if old.N > tree.N {
		return fmt.Errorf("%d entries where there were %d", tree.N, old.N)
	}
	if old.N == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(tree.N, old.N, tlog.TileHashReader(tree, folder(dir)))
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
}

// verifyProof reads the entry from the line extra (c2sp.org/tlog-proof).
func verifyProof(path string, verifier note.Verifier) (string, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	head, signed, found := bytes.Cut(body, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return "", fmt.Errorf("no proof")
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return "", err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return "", err
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return "", err
		}
		proof = append(proof, hash)
	}
	tree, err := checkpoint(signed, verifier)
	if err != nil {
		return "", err
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return "", err
	}
	return fmt.Sprintf("entry %d of %d: %s", index, tree.N, entry), nil
}
