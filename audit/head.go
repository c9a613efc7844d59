package audit

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// head is where a log ends: what FILE.head holds. Its numbers have a fixed width,
// so that one head is written over another in one piece of one page.
type head struct {
	log   Hash   // of the log's first line; zeros when there is none, or it is not known
	count uint64 // the number of the last line
	size  int64  // of FILE
	hash  Hash   // of the last line
}

// What is signed says what it is, so that a checkpoint, which stands in the log
// for anybody to see, can't be put where a head belongs: that would hide that the
// log was cut off there.
const (
	headTitle       = "jail.audit/head/v1"
	checkpointTitle = "jail.audit/checkpoint/v1"
)

const mostHead = 4096 // more than any head has

// text is what is signed.
func (h *head) text(title string) string {
	return fmt.Sprintf("%s\nlog %s\ncount %020d\nsize %020d\nhash %s\n", title, h.log, h.count, h.size, h.hash)
}

// parseHead reads what text gives.
func parseHead(title, text string) (h head, ok bool) {
	lines := strings.Split(text, "\n")
	keys := [...]string{"log ", "count ", "size ", "hash "}
	if len(lines) != len(keys)+2 || lines[0] != title || lines[len(lines)-1] != "" {
		return h, false
	}
	var values [len(keys)]string
	for i, k := range keys {
		v, found := strings.CutPrefix(lines[i+1], k)
		if !found {
			return h, false
		}
		values[i] = v
	}
	count, err1 := strconv.ParseUint(values[1], 10, 64)
	size, err2 := strconv.ParseInt(values[2], 10, 64)
	log, ok1 := readHash(values[0])
	hash, ok2 := readHash(values[3])
	h = head{log, count, size, hash}
	return h, err1 == nil && err2 == nil && ok1 && ok2 && h.text(title) == text
}

// signed gives the text with its signature, or without a key the text alone.
func (h *head) signed(title string, k *key) ([]byte, error) {
	text := h.text(title)
	if k == nil {
		return []byte(text), nil
	}
	return note.Sign(&note.Note{Text: text}, k)
}

// seal is who has signed a head.
type seal int

const (
	unsigned  seal = iota
	ours           // by a key that is known
	strangers      // by others only
	forged         // in the name of a key that is known, which it is not
)

// openHead reads a head or a checkpoint, and says who has signed it.
func openHead(title string, text []byte, known note.Verifiers) (h head, by seal, ok bool) {
	if !bytes.Contains(text, []byte("\n\n")) {
		h, ok = parseHead(title, string(text))
		return h, unsigned, ok
	}
	n, err := note.Open(text, known)
	var others *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case err == nil:
		by = ours
	case errors.As(err, &others):
		n, by = others.Note, strangers
	case errors.As(err, &invalid):
		signedText, _, _ := bytes.Cut(text, []byte("\n\n"))
		n, by = &note.Note{Text: string(signedText) + "\n"}, forged
	default:
		return h, unsigned, false
	}
	h, ok = parseHead(title, n.Text)
	return h, by, ok
}
