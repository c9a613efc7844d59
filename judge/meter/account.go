package meter

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/jailrun/jail/internal/safepath"
)

// The account beside a meter file (FILE.spent) is what its tenants have used, up
// to a place in the file: so that a run needs to read only what has come since.
// It can be lost, or be half written: it is then made anew from the file. Its
// first line says which file, how far it was read, which day's sums it has
// everything of, and what stands before that place; the others are a day, or
// "total", the amounts, and the tenant as JSON; the last is a checksum.
const (
	accountHead = "jail.spent/v1"
	allDays     = "total"
	most        = 64 << 10 // bytes of the meter file that are read for each run, rather than the account be written
)

// accountOf names the account of a meter file.
func accountOf(path string) string { return path + ".spent" }

// account is the account's text, checked.
type account struct {
	offset int64
	since  string // the first day whose sums are kept
	body   []byte // its lines
}

// spent gives what a tenant has used: on a day, or with allDays in all.
func (l *ledger) spent(tenant, when string, may safepath.Follow) (spending, error) {
	f, err := l.beside(accountOf(l.file.Name()), may)
	if err != nil {
		return spending{}, err
	}
	defer f.Close()
	st, err := l.file.Stat()
	if err != nil {
		return spending{}, failed("read", l.file, err)
	}
	a, ok := l.readAccount(f, when)
	if !ok || st.Size()-a.offset > most {
		if a, err = l.renew(f, a); err != nil {
			return spending{}, err
		}
	}
	used := a.find(tenant, when)
	err = l.read(a.offset, func(e *entry) {
		if string(e.tenant) == tenant && (when == allDays || string(e.day()) == when) {
			s := e.spending()
			used.add(&s)
		}
	})
	return used, err
}

// read gives each record from a place in the file on. What is no record counts
// for nothing; a report tells of it.
func (l *ledger) read(offset int64, each func(*entry)) error {
	var e entry
	for r := readLines(io.NewSectionReader(l.file, offset, 1<<62)); ; {
		text, _, err := r.next()
		if err != nil {
			if err = notEnd(err); err != nil {
				err = failed("read", l.file, err)
			}
			return err
		}
		if e.parse(text) == nil {
			each(&e)
		}
	}
}

// readAccount reads the account, and says whether it is whole, of this file, and
// has the day.
func (l *ledger) readAccount(f *os.File, when string) (a account, ok bool) {
	text, err := io.ReadAll(f)
	if err != nil {
		return account{}, false
	}
	end := bytes.LastIndexByte(bytes.TrimSuffix(text, []byte("\n")), '\n') + 1
	head, body, found := bytes.Cut(text[:end], []byte("\n"))
	fields := bytes.Fields(head)
	if !found || string(text[end:]) != checksum(text[:end]) || len(fields) != 4 || string(fields[0]) != accountHead {
		return account{}, false
	}
	offset, ok := digits(fields[1], 1)
	a = account{offset: offset.int64(), since: string(fields[2]), body: body}
	mark, err := l.mark(a.offset)
	if !ok || err != nil || mark != string(fields[3]) || when != allDays && when < a.since {
		return account{}, false
	}
	return a, true
}

// checksum ends an account.
func checksum(text []byte) string { return digest(text) + "\n" }

// digest is SHA-256, cut short: it guards against accidents. It is linked
// anyway, and what hash/crc32 does first costs each start of jail 12 µs.
func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// mark tells the file, up to an offset, from another: ids stand in it.
func (l *ledger) mark(offset int64) (string, error) {
	const length = 1024
	text := make([]byte, min(offset, length))
	if _, err := l.file.ReadAt(text, offset-int64(len(text))); err != nil && len(text) > 0 {
		return "", err
	}
	return digest(text), nil
}

// find gives one tenant's sums.
func (a *account) find(tenant, when string) spending {
	name, _ := json.Marshal(tenant) // no string fails
	suffix := append(append([]byte{' '}, name...), '\n')
	for rest := a.body; ; {
		i := bytes.Index(rest, suffix)
		if i < 0 {
			return spending{}
		}
		line := rest[bytes.LastIndexByte(rest[:i], '\n')+1 : i]
		if f := bytes.Fields(line); len(f) == 1+int(resources) && string(f[0]) == when {
			s, _ := readSpending(f[1:])
			return s
		}
		rest = rest[i+len(suffix):]
	}
}

// sums are those of all tenants.
type sums map[string]map[string]*spending // tenant, day

func (s sums) add(tenant, when string, x *spending) {
	days := s[tenant]
	if days == nil {
		days = map[string]*spending{}
		s[tenant] = days
	}
	if days[when] == nil {
		days[when] = &spending{}
	}
	days[when].add(x)
}

// load takes over an account's lines, whose sums are of its days only.
func (s sums) load(a *account) {
	for line := range bytes.Lines(a.body) {
		f := bytes.SplitN(bytes.TrimSuffix(line, []byte("\n")), []byte(" "), 2+int(resources))
		var tenant string
		if len(f) == 2+int(resources) && json.Unmarshal(f[1+resources], &tenant) == nil {
			x, _ := readSpending(f[1 : 1+resources])
			s.add(tenant, string(f[0]), &x)
		}
	}
}

// renew reads on from an account, or all anew from an empty one, and writes it.
// Days before yesterday, whose runs have ended, are dropped.
func (l *ledger) renew(f *os.File, old account) (account, error) {
	all := sums{}
	all.load(&old)
	since := max(old.since, time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly))
	st, err := l.file.Stat()
	if err != nil {
		return account{}, failed("read", l.file, err)
	}
	err = l.read(old.offset, func(e *entry) {
		x := e.spending()
		all.add(string(e.tenant), allDays, &x)
		if string(e.day()) >= since {
			all.add(string(e.tenant), string(e.day()), &x)
		}
	})
	if err != nil {
		return account{}, err
	}
	a := account{offset: st.Size(), since: since, body: all.lines(since)}
	return a, l.write(f, &a)
}

func (s sums) lines(since string) (text []byte) {
	for tenant, days := range s {
		name, _ := json.Marshal(tenant) // no string fails
		for when, x := range days {
			if when == allDays || when >= since {
				text = append(append(x.append(append(text, when...)), ' '), name...)
				text = append(text, '\n')
			}
		}
	}
	return text
}

// write puts the account over the old one. A kill over it leaves a wrong
// checksum.
func (l *ledger) write(f *os.File, a *account) error {
	mark, err := l.mark(a.offset)
	if err != nil {
		return failed("read", l.file, err)
	}
	text := []byte(accountHead + " " + strconv.FormatInt(a.offset, 10) + " " + a.since + " " + mark + "\n")
	text = append(text, a.body...)
	text = append(text, checksum(text)...)
	if _, err = f.WriteAt(text, 0); err == nil {
		err = f.Truncate(int64(len(text)))
	}
	if err != nil {
		return failed("write", f, err)
	}
	return nil
}
