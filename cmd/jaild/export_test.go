package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jailrun/jail/audit"
	"github.com/jailrun/jail/test/otlp"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"
)

// The test's own program is jaild where this is set.
const asJaild = "JAILD_TEST_AS_JAILD"

func TestMain(m *testing.M) {
	if os.Getenv(asJaild) != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write appends n events, of 2 KiB each where the log is to rotate.
func write(t testing.TB, path string, n int, o audit.Options) {
	t.Helper()
	l, err := audit.Open(path, o)
	must(t, err)
	var long []string
	if o.MaxSize > 0 {
		long = []string{strings.Repeat("x", 2000)}
	}
	for range n {
		l.Emit(audit.Event{Jail: "j", PID: 7, Program: "./a.out", Detail: &audit.Launch{Argv: long, UID: 1000}})
	}
	must(t, l.Close(context.Background()))
}

func lastOf(t *testing.T, path string) uint64 {
	t.Helper()
	rep, err := audit.Verify(context.Background(), path, audit.VerifyOptions{Rotated: true})
	must(t, err)
	if !rep.Intact() {
		t.Fatalf("%v", rep.Problems)
	}
	return rep.Last
}

// export runs jaild export in this process, and gives its status and what it printed.
func exported(t *testing.T, args ...string) (int, string) {
	t.Helper()
	r, err := parseExport(args)
	must(t, err)
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return r.run(ctx, &out), out.String()
}

func seqsOf(r *otlp.Receiver) (all []int64) {
	for _, rec := range r.Records() {
		all = append(all, rec.Number("jail.seq"))
	}
	return all
}

func inOrder(t *testing.T, seqs []int64, last uint64) {
	t.Helper()
	for i, seq := range seqs {
		if seq != int64(i+1) {
			t.Fatalf("seq %d comes at place %d", seq, i+1)
		}
	}
	if len(seqs) != int(last) {
		t.Fatalf("%d events of %d", len(seqs), last)
	}
}

// jaild is a running export.
type jaild struct {
	cmd *exec.Cmd
	err bytes.Buffer
}

func startExport(t *testing.T, args ...string) *jaild {
	t.Helper()
	j := &jaild{cmd: exec.Command(os.Args[0], append([]string{"export"}, args...)...)}
	j.cmd.Env = append(os.Environ(), asJaild+"=1")
	j.cmd.Stderr = &j.err
	must(t, j.cmd.Start())
	return j
}

func (j *jaild) end(t *testing.T, how syscall.Signal) int {
	t.Helper()
	must(t, j.cmd.Process.Signal(how))
	err := j.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return j.cmd.ProcessState.ExitCode()
}

// A writer appends and rotates, exports are stopped and started, and the receiver is
// busy now and then: each event comes once.
func TestRestartsNeitherLoseNorDouble(t *testing.T) {
	path, state := t.TempDir()+"/audit.jsonl", t.TempDir()+"/state"
	r := otlp.Start(t, "", func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n%5 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return n%5 == 0
	})
	write(t, path, 1, audit.Options{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for range 50 {
			write(t, path, 10, audit.Options{MaxSize: 128 << 10})
			time.Sleep(20 * time.Millisecond)
		}
	})
	runs := 0
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); runs++ {
		j := startExport(t, "--follow", "--state", state, "--otlp", r.URL, path)
		time.Sleep(time.Duration(150+rand.IntN(150)) * time.Millisecond)
		if status := j.end(t, syscall.SIGTERM); status != 0 && status != -1 { // -1: before it could listen to signals
			t.Fatalf("status %d: %s", status, &j.err)
		}
		if runs > 5 && uint64(len(r.Records())) >= lastOf(t, path) && len(r.Records()) > 500 {
			break
		}
	}
	writing.Wait()
	if _, err := os.Stat(path + ".3"); err != nil {
		t.Errorf("it was not rotated: %v", err)
	}
	inOrder(t, seqsOf(r), lastOf(t, path))
	t.Logf("%d runs, %d requests", runs+1, r.Requests())
}

// A kill loses nothing, and doubles no more than what was under way.
func TestAKillLosesNothing(t *testing.T) {
	path, state := t.TempDir()+"/audit.jsonl", t.TempDir()+"/state"
	slow := func(int, http.ResponseWriter, *http.Request) bool { time.Sleep(10 * time.Millisecond); return false }
	r := otlp.Start(t, "", slow) // that takes all in no less time than two runs have
	write(t, path, 3000, audit.Options{})
	midst := 0
	for range 20 {
		j := startExport(t, "--follow", "--state", state, "--otlp", r.URL, path)
		time.Sleep(time.Duration(rand.IntN(120)) * time.Millisecond)
		j.end(t, syscall.SIGKILL)
		if n := len(r.Records()); n > 0 && n < 3000 {
			midst++
		}
	}
	if midst == 0 {
		t.Error("no kill came while it exported")
	}
	if status, _ := exported(t, "--state", state, "--otlp", r.URL, path); status != 0 {
		t.Fatalf("status %d", status)
	}
	at, again := int64(0), 0
	for i, seq := range seqsOf(r) {
		if seq > at+1 || seq <= at-mostBatch {
			t.Fatalf("record %d: seq %d comes after %d", i, seq, at)
		}
		if seq <= at {
			again++
		}
		at = max(at, seq)
	}
	if at != 3000 || again > 20*mostBatch {
		t.Errorf("it ends with %d, %d came again", at, again)
	}
}

func TestATamperedLogIsToldToAll(t *testing.T) {
	path := t.TempDir() + "/audit.jsonl"
	write(t, path, 20, audit.Options{})
	text, err := os.ReadFile(path)
	must(t, err)
	all := strings.SplitAfter(string(text), "\n")
	must(t, os.WriteFile(path, []byte(strings.Join(slices.Delete(all, 9, 11), "")), 0o600))
	r := otlp.Start(t, "", nil)
	status, out := exported(t, "--otlp", r.URL, "--json", path)
	if status != statusBroken || !strings.Contains(out, `{"schema":"jail.export/v1","severity":"error","type":"tamper",`) || strings.Count(out, "\n") != 19 {
		t.Errorf("status %d, %s", status, out)
	}
	recs := r.Records()
	if len(recs) != 19 || recs[9].SeverityText != "ERROR" || !strings.Contains(recs[9].Text("jail.tamper.what"), "audit.jsonl:10: does not follow on the line before (missing: seq 10 to 11)") || recs[9].Number("jail.seq") != 0 {
		t.Errorf("%d records, %v", len(recs), recs[9])
	}
}

func TestJSONIsTheLogsLines(t *testing.T) {
	path := t.TempDir() + "/audit.jsonl"
	write(t, path, 300, audit.Options{})
	status, out := exported(t, "--json", path)
	text, err := os.ReadFile(path)
	if must(t, err); status != 0 || out != string(text) {
		t.Errorf("status %d, %d bytes of %d", status, len(out), len(text))
	}
}

// What is not taken is exported by the next run.
func TestAReceiverThatIsDownIsToldAndGoneOnWith(t *testing.T) {
	path, state := t.TempDir()+"/audit.jsonl", t.TempDir()+"/state"
	write(t, path, 150, audit.Options{})
	r := otlp.Start(t, "", nil)
	exported(t, "--state", state, "--otlp", r.URL, path)
	write(t, path, 50, audit.Options{})
	r.Stop()
	if status, _ := exported(t, "--state", state, "--patience", "300ms", "--otlp", r.URL, path); status != 125 {
		t.Errorf("status %d", status)
	}
	r2 := otlp.Start(t, r.Address(), nil)
	if status, _ := exported(t, "--state", state, "--otlp", r.URL, path); status != 0 {
		t.Errorf("status %d", status)
	}
	inOrder(t, append(seqsOf(r), seqsOf(r2)...), 200)
	if status, _ := exported(t, "--state", state, "--otlp", r.URL, path); status != 0 || len(r2.Records()) != 50 {
		t.Errorf("status %d, %d records", status, len(r2.Records()))
	}
}

func TestARefusalEndsTheExport(t *testing.T) {
	for name, c := range map[string]struct {
		rejected int64
		status   int
		again    int // records that a later export still has
	}{"all": {0, http.StatusUnauthorized, 10}, "some": {3, http.StatusOK, 0}} {
		path, state := t.TempDir()+"/audit.jsonl", t.TempDir()+"/state"
		write(t, path, 10, audit.Options{})
		r := otlp.Start(t, "", func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "application/x-protobuf")
			w.WriteHeader(c.status)
			b, _ := proto.Marshal(&collectorpb.ExportLogsServiceResponse{PartialSuccess: &collectorpb.ExportLogsPartialSuccess{RejectedLogRecords: c.rejected}})
			_, _ = w.Write(b)
			return true
		})
		if status, _ := exported(t, "--state", state, "--otlp", r.URL, path); status != 125 {
			t.Errorf("%s: status %d", name, status)
		}
		if _, out := exported(t, "--state", state, "--json", path); strings.Count(out, "\n") != c.again {
			t.Errorf("%s: %d are exported later", name, strings.Count(out, "\n"))
		}
	}
}

func TestWhatRotationRemovedIsTold(t *testing.T) {
	path, state := t.TempDir()+"/audit.jsonl", t.TempDir()+"/state"
	write(t, path, 10, audit.Options{})
	exported(t, "--state", state, "--json", path)
	write(t, path, 500, audit.Options{MaxSize: 128 << 10, Keep: 1})
	status, out := exported(t, "--state", state, "--json", path)
	if status != statusBroken || !strings.Contains(out, "seq 10, behind which to go on, is not in it any more") {
		t.Errorf("status %d, %.300s", status, out)
	}
	if status, out = exported(t, "--state", state, "--json", path); status != 0 || out != "" {
		t.Errorf("status %d, %s", status, out)
	}
}

func TestSyslogGetsEachEvent(t *testing.T) {
	path, socket := t.TempDir()+"/audit.jsonl", filepath.Join(t.TempDir(), "log")
	write(t, path, 5, audit.Options{})
	l, err := net.ListenPacket("unixgram", socket)
	must(t, err)
	defer l.Close()
	r, err := parseExport([]string{"--syslog", path})
	must(t, err)
	r.syslogAt.network, r.syslogAt.address = "unixgram", socket
	if status := r.run(context.Background(), nil); status != 0 {
		t.Fatalf("status %d", status)
	}
	must(t, l.SetReadDeadline(time.Now().Add(10*time.Second)))
	for range 5 {
		b := make([]byte, 4096)
		n, _, err := l.ReadFrom(b)
		if must(t, err); !strings.Contains(string(b[:n]), "type=launch jail=j pid=7") {
			t.Errorf("%q", b[:n])
		}
	}
}

// flaky is a journal that does not take each third event.
type flaky struct {
	calls, lost int64
	got         []int
}

func (f *flaky) Emit(e audit.Event) {
	if f.calls++; f.calls%3 == 0 {
		f.lost++
		return
	}
	f.got = append(f.got, e.PID)
}

func (f *flaky) Lost() int64 { return f.lost }

func TestADaemonIsTriedAgain(t *testing.T) {
	f := &flaky{}
	d := &daemon{"the journal", f, func() error { return nil }}
	batch := make([]item, 9)
	for i := range batch {
		batch[i].event = audit.Event{PID: i, Detail: &audit.Kill{}}
	}
	must(t, d.give(context.Background(), batch))
	if fmt.Sprint(f.got) != "[0 1 2 3 4 5 6 7 8]" {
		t.Errorf("%v", f.got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f.calls = 2
	if err := d.give(ctx, batch); !errors.Is(err, errNotTaken) {
		t.Errorf("%v", err)
	}
}

func TestAStateIsOneExportsAlone(t *testing.T) {
	dir := t.TempDir()
	s, err := openState(dir + "/state")
	must(t, err)
	for seq := range uint64(3) {
		must(t, s.save(audit.Mark{Seq: seq + 1, Hash: audit.Hash{byte(seq)}}))
		if _, err := openState(dir + "/state"); !errors.Is(err, errBusyState) {
			t.Errorf("%v", err)
		}
	}
	s.close()
	s, err = openState(dir + "/state")
	must(t, err)
	if s.at != (audit.Mark{Seq: 3, Hash: audit.Hash{2}}) {
		t.Errorf("%v", s.at)
	}
	s.close()
	if st, err := os.Stat(dir + "/state"); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st, err)
	}
	good, err := os.ReadFile(dir + "/state")
	must(t, err)
	for _, bad := range []string{"x\n", "{}\n", string(good[:len(good)-1]), strings.Replace(string(good), "v1", "v2", 1), strings.Replace(string(good), `"seq":3`, `"seq":0`, 1), strings.Replace(string(good), "0", "g", 3)} {
		must(t, os.WriteFile(dir+"/bad", []byte(bad), 0o600))
		if _, err := openState(dir + "/bad"); !errors.Is(err, errNoState) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	must(t, os.Symlink("state", dir+"/link"))
	if _, err := openState(dir + "/link"); err == nil {
		t.Error("a link is followed")
	}
}

func TestExportsCommandLine(t *testing.T) {
	for line, want := range map[string]error{
		"": errNoLog, "a": errNoSink, "--json": errNoLog, "--json a b": errOneLog, "--json a --follow": errLate, "--jsn a": errNoFlag, "--json=1 a": errValue,
		"--otlp": errNoValue, "--otlp= a": errNoValue, "--json --patience x a": errNotTime, "--json --patience -1s a": errNotTime,
		"--json a": nil, "-json -- -a": nil, "--follow --state=s --otlp http://h:1 --patience 0 a": nil, "--help": nil,
	} {
		if _, err := parseExport(strings.Fields(line)); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
	if status, _ := exported(t, "--otlp", "h:1", "a"); status != 125 {
		t.Errorf("status %d", status)
	}
	if status, _ := exported(t, "--json", "/nowhere/a"); status != 125 {
		t.Errorf("status %d", status)
	}
	help := exportHelp()
	for _, f := range exportFlags {
		if !strings.Contains(help, "--"+f.name) || f.help == "" {
			t.Errorf("the help lacks --%s", f.name)
		}
	}
}
