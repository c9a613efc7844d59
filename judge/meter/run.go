package meter

import (
	"os"
	"strconv"
	"time"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// Options say where a run is written down, and under what.
type Options struct {
	File    string          // the meter file; made if it is missing, its folder is not
	Follow  safepath.Follow // which links on the way to it may be followed; nil: all that only the caller and root could make
	Tenant  string          // see CheckTenant
	Labels  []Label         // see ParseLabel and AddLabel
	Budgets *Budgets        // nil: the tenant may use what it likes
	Limits  policy.Limits   // resolved; a budget reserves by them
}

// Run is a run that has begun to be metered.
type Run struct {
	ledger *ledger
	record Record
	begun  begun
	at     int64 // its place
	grant  grant
}

// Begin writes down that a run begins, and sets aside what it may use of its
// tenant's budget. Nothing may be started if it fails: with ErrSpent the budget
// is spent. The caller must call End or Drop; if it dies before, the run counts
// as unfinished, and what was set aside is free again.
//
// The cost is some 0.1 ms, and one or two seconds where the account of budgets
// is made anew from a million records.
func Begin(o Options) (*Run, error) {
	l, err := open(o.File, o.Follow)
	if err != nil {
		return nil, err
	}
	r := &Run{ledger: l, record: Record{ID: newID(), Start: time.Now(), Tenant: o.Tenant, Labels: o.Labels, State: Unfinished}}
	if err = lock(l.file, unix.LOCK_EX); err == nil {
		err = r.begin(&o)
	}
	if err != nil {
		l.close() // which gives back the place before the lock
		return nil, err
	}
	unlock(l.file)
	return r, nil
}

// newID is unique on the host, and all but surely among hosts that share a file.
func newID() string {
	return strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(time.Now().UnixNano(), 36) + "-m"
}

func (r *Run) begin(o *Options) error {
	alive, free, err := r.ledger.settle()
	if err != nil {
		return err
	}
	if o.Budgets != nil {
		if err := r.reserve(o, alive); err != nil {
			return err
		}
	}
	if err := r.ledger.makeRoom(len(alive) + 1); err != nil {
		return failed("append to", r.ledger.file, err)
	}
	if err := r.take(free); err != nil {
		return failed("write", r.ledger.table, err)
	}
	return nil
}

// take writes the run into a free place.
func (r *Run) take(at int64) error {
	st, err := r.ledger.file.Stat()
	if err != nil {
		return err
	}
	if err := hold(r.ledger.table, at); err != nil {
		return err
	}
	r.at = at
	r.begun = begun{id: r.record.ID, from: st.Size(), reserved: r.grant.reserved, line: r.record.AppendLine(nil)}
	if err := writeHalf(r.ledger.table, at, r.begun.half(), placeSize); err != nil {
		_ = clearPlace(r.ledger.table, at) // what is half there is no run's
		return err
	}
	return nil
}

// makeRoom has the file system keep room for the lines of all runs that have
// begun, where it can: fallocate(2).
func (l *ledger) makeRoom(runs int) error {
	st, err := l.file.Stat()
	if err != nil {
		return err
	}
	err = unix.Fallocate(int(l.file.Fd()), unix.FALLOC_FL_KEEP_SIZE, st.Size(), int64(runs)*halfSize)
	if err == unix.EOPNOTSUPP || err == unix.ENOSYS || err == unix.EINTR {
		return nil
	}
	return err
}

// Lower puts what the budgets leave into the limits of the run's policy.
func (r *Run) Lower(l *policy.Limits) {
	if r.grant.row != nil {
		l.CPU, l.Wall = r.grant.cpu, r.grant.wall
	}
}

// Ended says in words whose budget's end was that of the run, "" if none was.
func (r *Run) Ended() string {
	i := r.grant.ended(r.record.Reason)
	if i == resources {
		return ""
	}
	return "the tenant's budget of " + resourceNames[i] + " is spent: " + r.grant.row.words(i) + " (" + r.grant.row.file + ")"
}

// End writes down how the run ended. On an error the line waits in the table,
// which a report reads too, and the next run puts it into the file.
func (r *Run) End(res *result.Result) error {
	defer r.ledger.close()
	r.record.fill(res)
	if i := r.grant.ended(res.Reason); i != resources {
		r.record.Budget = resourceNames[i]
	}
	if err := r.note(); err != nil {
		return failed("write", r.ledger.table, err)
	}
	err := lock(r.ledger.file, unix.LOCK_EX)
	if err == nil {
		err = r.append()
	}
	if e, ok := err.(*Error); ok {
		e.Hint += "; the run's record waits in " + r.ledger.table.Name() + ", and the next run appends it"
	}
	return err
}

// note writes the whole line into the run's place. That is nobody else's as long
// as it is held, so no lock is needed.
func (r *Run) note() error {
	text := append([]byte(r.begun.id), '\n')
	return writeHalf(r.ledger.table, r.at+halfSize, r.record.AppendLine(text), halfSize)
}

func (r *Run) append() error {
	if err := r.ledger.mend(); err != nil {
		return failed("append to", r.ledger.file, err)
	}
	if err := r.ledger.append(r.record.AppendLine(nil)); err != nil {
		return failed("append to", r.ledger.file, err)
	}
	if err := clearPlace(r.ledger.table, r.at); err != nil {
		return failed("write", r.ledger.table, err)
	}
	return nil
}

// Drop takes back a run for which nothing was started. Nil is none.
func (r *Run) Drop() {
	if r == nil {
		return
	}
	defer r.ledger.close()
	if lock(r.ledger.file, unix.LOCK_EX) == nil {
		_ = clearPlace(r.ledger.table, r.at) // else it counts as unfinished
	}
}
