package meter

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

func budgets(t *testing.T, text string) *Budgets {
	t.Helper()
	b, err := LoadBudgets(write(t, []byte(text)))
	must(t, err)
	return b
}

// metered is a run under a budget, with limits as a policy resolves them.
func metered(path string, b *Budgets, cpu, wall time.Duration) (*Run, error) {
	return Begin(Options{File: path, Tenant: "alice", Budgets: b, Limits: policy.Limits{CPU: cpu, Wall: wall, Memory: 512 << 20}})
}

// used is a result of a run that used so much CPU time.
func used(id string, cpu, wall time.Duration) *result.Result {
	res := ended(id)
	res.Usage.CPUNS, res.Usage.WallNS, res.Usage.MemoryPeakBytes = new(int64(cpu)), new(int64(wall)), new(int64(512<<20))
	return res
}

const none = policy.Unlimited

func TestABudgetOfCPULowersTheLimitToWhatIsLeft(t *testing.T) {
	path, b := file(t), budgets(t, "[tenant.alice]\ncpu = \"10s\"\nper = \"total\"")
	r, err := metered(path, b, 4*time.Second, none)
	must(t, err)
	l := policy.Limits{CPU: 4 * time.Second}
	if r.Lower(&l); l.CPU != 4*time.Second || l.Wall != none {
		t.Errorf("limits %+v", l)
	}
	second, err := metered(path, b, none, none) // all that is left beside the first
	must(t, err)
	if second.Lower(&l); l.CPU != 6*time.Second || l.Wall != none {
		t.Errorf("beside one of 4 s of 10: limits %+v", l)
	}
	if _, err := metered(path, b, time.Nanosecond, none); !errors.Is(err, ErrSpent) || !strings.Contains(err.Error(), `tenant "alice"`) || !strings.Contains(err.Error(), "10s in all, has used 0s, and 10s is set aside") {
		t.Errorf("beside both: %v", err)
	}
	must(t, r.End(used("a", time.Second, time.Second)))
	second.die() // what it had set aside is free; what it used is not known
	third, err := metered(path, b, none, none)
	must(t, err)
	if third.Lower(&l); l.CPU != 9*time.Second {
		t.Errorf("with 1 s used: limits %+v", l)
	}
	over := used("b", 9100*time.Millisecond, time.Second) // a limit is met a little late
	over.Reason = result.CPULimit
	must(t, third.End(over))
	if third.record.Budget != "cpu" || !strings.Contains(third.Ended(), "10s in all") {
		t.Errorf("ended by %q: %s", third.record.Budget, third.Ended())
	}
	var spent *SpentError
	if _, err := metered(path, b, none, none); !errors.As(err, &spent) || spent.Used != "10.1s" {
		t.Errorf("when it is spent: %v", err)
	}
}

func TestALimitThatWasAskedForIsNotTheBudgets(t *testing.T) {
	path, b := file(t), budgets(t, "[default]\ncpu = \"10s\"\nper = \"day\"")
	r, err := metered(path, b, time.Second, none)
	must(t, err)
	res := used("a", time.Second, time.Second)
	res.Reason = result.CPULimit
	if must(t, r.End(res)); r.record.Budget != "" || r.Ended() != "" {
		t.Errorf("ended by %q", r.record.Budget)
	}
}

func TestABudgetOfMemoryBoundsTheTimeOnTheClock(t *testing.T) {
	path, b := file(t), budgets(t, "[tenant.alice]\nmemory = \"1GiB*10s\"\nwall = \"1h\"\nper = \"total\"")
	r, err := metered(path, b, none, none)
	must(t, err)
	l := policy.Limits{}
	if r.Lower(&l); l.Wall != 20*time.Second || l.CPU != none {
		t.Errorf("limits %+v", l)
	}
	res := used("a", time.Second, 5*time.Second)
	res.Reason = result.WallLimit
	if must(t, r.End(res)); r.record.Budget != "memory" {
		t.Errorf("ended by %q", r.record.Budget)
	}
	r, err = metered(path, b, none, time.Second)
	must(t, err)
	if r.Lower(&l); l.Wall != time.Second {
		t.Errorf("limits %+v", l)
	}
	r, err = metered(path, b, none, none)
	must(t, err)
	if r.Lower(&l); l.Wall != 14*time.Second {
		t.Errorf("beside one of 1 s, after one of 5, of 20: limits %+v", l)
	}
	o := Options{File: path, Tenant: "alice", Budgets: b, Limits: policy.Limits{Memory: none}}
	r.die()
	if _, err := Begin(o); !errors.Is(err, ErrUnbounded) {
		t.Errorf("without a limit of memory: %v", err)
	}
}

func TestABudgetOfRunsCountsThoseThatGoOnAndThoseThatWereKilled(t *testing.T) {
	path, b := file(t), budgets(t, "[default]\nruns = 3\nper = \"day\"")
	first, err := metered(path, b, none, none)
	must(t, err)
	second, err := metered(path, b, none, none)
	must(t, err)
	second.die()
	_, err = metered(path, b, none, none)
	must(t, err)
	if _, err := metered(path, b, none, none); !errors.Is(err, ErrSpent) {
		t.Errorf("a fourth: %v", err)
	}
	must(t, first.End(ended("a")))
	if _, err := metered(path, b, none, none); !errors.Is(err, ErrSpent) {
		t.Errorf("a fourth when one has ended: %v", err)
	}
}

func TestADayHasItsOwnBudget(t *testing.T) {
	rec := Record{ID: "1", Start: time.Now().AddDate(0, 0, -1), Tenant: "alice", State: Finished, CPU: new(int64(time.Hour))}
	path := write(t, rec.AppendLine(nil))
	b := budgets(t, "[default]\ncpu = \"1s\"\nper = \"day\"")
	if _, err := metered(path, b, none, none); err != nil {
		t.Errorf("with yesterday's spent: %v", err)
	}
	b = budgets(t, "[default]\ncpu = \"1s\"\nper = \"total\"")
	if _, err := metered(path, b, none, none); !errors.Is(err, ErrSpent) {
		t.Errorf("with all spent: %v", err)
	}
}

func TestATenantWithoutABudgetIsRefused(t *testing.T) {
	b := budgets(t, "[tenant.bob]\nruns = 1\nper = \"day\"")
	if _, err := metered(file(t), b, none, none); !errors.Is(err, ErrNoBudget) {
		t.Errorf("%v", err)
	}
}

// However many begin at once, and however they end, what they may use together
// is never more than the budget.
func TestNoSecondIsSpentTwice(t *testing.T) {
	path, b := file(t), budgets(t, "[default]\ncpu = \"100s\"\nper = \"total\"")
	var all sync.WaitGroup
	var mu sync.Mutex
	granted := sum{}
	for w := range 8 {
		r := rand.New(rand.NewPCG(1, uint64(w)))
		all.Go(func() {
			for i := range 40 {
				run, err := metered(path, b, time.Duration(r.IntN(2000)+1)*time.Millisecond, none)
				if errors.Is(err, ErrSpent) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				granted.add(run.grant.reserved[cpu])
				mu.Unlock()
				if err := run.End(used(fmt.Sprint(w, "-", i), run.grant.cpu, time.Second)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if want := (sum{uint64(100 * time.Second)}); granted != want {
		t.Errorf("%v ns were granted, of %v", granted, want)
	}
}

// The account gives what the file says, whatever has become of it.
func TestTheAccountIsThatOfTheFile(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	path := file(t)
	today := time.Now().UTC().Format(time.DateOnly)
	want := map[string]*big.Int{}
	for round := range 12 {
		var text []byte
		for i := range 60 * round {
			rec := some(r, i)
			rec.Start = time.Now().UTC().Add(-time.Duration(r.IntN(3)) * 24 * time.Hour)
			text = rec.AppendLine(text)
			if rec.CPU != nil {
				for _, when := range []string{allDays, rec.Start.Format(time.DateOnly)} {
					key := rec.Tenant + when
					if want[key] == nil {
						want[key] = new(big.Int)
					}
					want[key].Add(want[key], big.NewInt(*rec.CPU))
				}
			}
		}
		appendTo(t, path, text)
		damage(t, accountOf(path), round)
		l, err := open(path, nil)
		must(t, err)
		for _, tenant := range []string{"alice", "bob", "", "an \"odd\"\nname", "日本", "nobody"} {
			for _, when := range []string{today, allDays} {
				got, err := l.spent(tenant, when, nil)
				must(t, err)
				sum := new(big.Int)
				if n := want[tenant+when]; n != nil {
					sum = n
				}
				if got[cpu].big().Cmp(sum) != 0 {
					t.Errorf("round %d: %q has used %v, want %v", round, tenant+when, got[cpu], sum)
				}
			}
		}
		l.close()
	}
}

// An account of another file, or of fewer days, is none.
func TestAnAccountThatDoesNotFitIsMadeAnew(t *testing.T) {
	rec := Record{ID: "1", Start: time.Now(), Tenant: "alice", State: Finished, CPU: new(int64(7))}
	line := rec.AppendLine(nil)
	path := write(t, line)
	today, tomorrow := rec.Start.UTC().Format(time.DateOnly), rec.Start.AddDate(0, 0, 1).UTC().Format(time.DateOnly)
	for name, of := range map[string]struct {
		file []byte
		a    account
	}{
		"another file":  {bytes.Replace(line, []byte("alice"), []byte("bobby"), 1), account{offset: int64(len(line)), since: today}},
		"a longer file": {append(line, line...), account{offset: 2 * int64(len(line)), since: today}},
		"fewer days":    {line, account{offset: int64(len(line)), since: tomorrow}},
	} {
		other, err := open(write(t, of.file), nil)
		must(t, err)
		f, err := os.Create(accountOf(path))
		must(t, err)
		must(t, other.write(f, &of.a))
		l, err := open(path, nil)
		must(t, err)
		got, err := l.spent("alice", today, nil)
		if err != nil || got[cpu] != (sum{7}) {
			t.Errorf("with the account of %s: used are %v (%v)", name, got[cpu], err)
		}
		other.close()
		l.close()
		f.Close()
	}
}

// damage does to an account what may happen to it.
func damage(t *testing.T, path string, round int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		return // not there yet
	}
	switch round % 6 {
	case 3:
		text = nil
	case 4:
		text = text[:len(text)*2/3]
	case 5:
		text = append(text[:len(text)/2], make([]byte, len(text)/2)...)
	}
	must(t, os.WriteFile(path, text, 0o600))
}

func appendTo(t *testing.T, path string, text []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	must(t, err)
	_, err = f.Write(text)
	must(t, errors.Join(err, f.Close()))
}

// A run reads of a long file only what has come since the account was written.
func TestARunUnderABudgetIsQuickBesideALongFile(t *testing.T) {
	path, b := long(t, many/5), budgets(t, "[default]\nruns = 10000000\nper = \"total\"")
	var took []time.Duration
	for i := range 20 {
		start := time.Now()
		r, err := metered(path, b, none, none)
		must(t, err)
		must(t, r.End(ended(fmt.Sprint("id-", i))))
		took = append(took, time.Since(start))
	}
	least := slices.Min(took[1:])
	t.Logf("the first took %v, which made the account; then one took %v", took[0], least)
	if least > took[0]/10 {
		t.Errorf("one took %v, and the first, which read all, %v", least, took[0])
	}
}

func TestMistakesInBudgetsAreNamedByLineAndKey(t *testing.T) {
	for text, want := range map[string]string{
		"cpu = \"1s\"":                                        ":1: cpu \"1s\" unknown key",
		"[tenant]\ncpu = \"1s\"":                              ":2: tenant.cpu \"1s\" unknown key",
		"[tenant.a]":                                          ":1: tenant.a.per is missing",
		"[tenant.a]\nper = \"day\"":                           ":1: tenant.a.budget is missing",
		"[default]\n\ncpu = \"1s\"":                           ":1: default.per is missing",
		"[default]\nper = \"week\"":                           ":2: default.per \"week\" is not valid",
		"[default]\ncpu = 1":                                  ":2: default.cpu \"1\" is not valid",
		"[default]\ncpu = \"-1s\"":                            ":2: default.cpu \"-1s\" is not valid",
		"[default]\nruns = 1.5":                               ":2: default.runs \"1.5\" is not valid",
		"[default]\nmemory = \"1GiB\"":                        ":2: default.memory \"1GiB\" is not valid",
		"[default]\nmemory = \"1GB*h\"":                       ":2: default.memory \"1GB*h\" is not valid",
		"[default]\nmemory = \"1GiB*\"":                       ":2: default.memory \"1GiB*\" is not valid",
		"[default]\nmemroy = \"1GiB*h\"":                      ":2: default.memroy \"1GiB*h\" unknown key",
		"[default.x]\ncpu = \"1s\"":                           ":1: default.x unknown key",
		"[tenant.a.b]\ncpu = \"1s\"":                          ":1: tenant.a.b unknown key",
		"tenant = 3":                                          ":1: tenant \"3\" unknown key",
		"[tenant]\na = { cpu = \"1s\", per = \"x\" }":         ":2: tenant.a.per \"x\" is not valid",
		"[tenant.a]\ncpu = \"1s\"\n[tenant.a]\nper = \"day\"": ":3: ",
	} {
		_, err := LoadBudgets(write(t, []byte(text)))
		if err == nil {
			t.Errorf("%q is taken", text)
			continue
		}
		if i := strings.Index(err.Error(), "usage.jsonl"); i < 0 || !strings.HasPrefix(err.Error()[i+len("usage.jsonl"):], want) {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
	for _, text := range []string{"", "[tenant]\na = { runs = 1, per = \"day\" }", "tenant.a.runs = 1\ntenant.a.per = \"total\"", "[tenant.\"a b\\n\"]\nmemory = \"512M*30s\"\nper = \"day\""} {
		budgets(t, text)
	}
}
