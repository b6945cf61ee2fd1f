// Cases on standard input, a verdict for each on standard output. Judged by golang.org/x/mod/sumdb/note and tlog alone, but for
// cosignatures, whose text is put together here as c2sp.org/tlog-cosignature has it and checked with crypto/ed25519.
package main

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type witness struct{ Name, Key string }

type proof struct {
	Index int64
	Leaf  []byte
}

type logCase struct {
	Name, Dir, Vkey, Checkpoint string
	Witnesses                   []witness
	Before                      []string
	Proofs                      []proof
}

type tiles struct{ dir string }

func (t tiles) Height() int { return 8 }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		raw, err := os.ReadFile(filepath.Join(t.dir, strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		found = append(found, raw)
	}
	return found, nil
}

func opened(text, vkey string) (tlog.Tree, *note.Note, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, nil, err
	}
	found, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, nil, err
	}
	lines := strings.Split(found.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, nil, errors.New("no checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, nil, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, found, err
}

func cosigned(found *note.Note, by witness) error {
	key, err := base64.StdEncoding.DecodeString(by.Key)
	if err != nil {
		return err
	}
	for _, line := range found.UnverifiedSigs {
		raw, err := base64.StdEncoding.DecodeString(line.Base64)
		if line.Name != by.Name || err != nil || len(raw) != 4+8+ed25519.SignatureSize {
			continue
		}
		text := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(raw[4:12]), found.Text)
		if ed25519.Verify(key, []byte(text), raw[12:]) {
			return nil
		}
	}
	return errors.New("not cosigned by " + by.Name)
}

func check(each logCase) error {
	tree, found, err := opened(each.Checkpoint, each.Vkey)
	if err != nil {
		return err
	}
	for _, by := range each.Witnesses {
		if err := cosigned(found, by); err != nil {
			return err
		}
	}
	hashes := tlog.TileHashReader(tree, tiles{each.Dir})
	for _, wanted := range each.Proofs {
		made, err := tlog.ProveRecord(tree.N, wanted.Index, hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(made, tree.N, tree.Hash, wanted.Index, tlog.RecordHash(wanted.Leaf)); err != nil {
			return err
		}
	}
	for _, text := range each.Before {
		before, _, err := opened(text, each.Vkey)
		if err != nil {
			return err
		}
		made, err := tlog.ProveTree(tree.N, before.N, hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(made, tree.N, tree.Hash, before.N, before.Hash); err != nil {
			return err
		}
	}
	return nil
}

func sign(name string) error {
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s\n7\n%s\n", name, tlog.RecordHash([]byte("leaf")).String())
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]string{"vkey": vkey, "note": string(signed)})
}

func main() {
	if len(os.Args) > 1 {
		if err := sign(os.Args[1]); err != nil {
			panic(err)
		}
		return
	}
	var cases []logCase
	if err := json.NewDecoder(bufio.NewReader(os.Stdin)).Decode(&cases); err != nil {
		panic(err)
	}
	for _, each := range cases {
		verdict := "accepted"
		if err := check(each); err != nil {
			verdict = "rejected: " + strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Printf("%s\t%s\n", each.Name, verdict)
	}
}
