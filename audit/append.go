package audit

import (
	"context"
	"crypto/sha256"
	"errors"

	"golang.org/x/sys/unix"
)

// batch is bodies that are to become lines.
type batch struct {
	text []byte
	ends []int // where each ends in text
}

func (b *batch) add(e *encoder, ev *Event) {
	b.text = e.body(b.text, ev)
	b.ends = append(b.ends, len(b.text))
}

func (b *batch) at(i int) []byte {
	if i == 0 {
		return b.text[:b.ends[0]]
	}
	return b.text[b.ends[i-1]:b.ends[i]]
}

// write puts the bodies into the log, behind what is to be said of the log itself.
// It gives how many of them are in it, also with an error.
func (c *chain) write(ctx context.Context, b *batch) (done int, err error) {
	if err := c.acquire(ctx); err != nil {
		return 0, err
	}
	defer c.release()
	found, err := c.settle()
	if err != nil {
		c.text = nil
		return 0, err
	}
	p := piece{c: c}
	p.own(found...)
	for i := range b.ends {
		if err := p.line(b.at(i)); err != nil {
			return p.done, err
		}
	}
	err = p.commit()
	return p.done, err
}

// checkpoint writes one, if there is a key and something was written since the last.
func (c *chain) checkpoint(ctx context.Context) error {
	if c.key == nil || c.lines == 0 {
		return nil
	}
	if err := c.acquire(ctx); err != nil {
		return err
	}
	defer c.release()
	found, err := c.settle()
	if err != nil {
		c.text = nil
		return err
	}
	p := piece{c: c}
	p.own(found...)
	if err := p.mark(); err != nil {
		return err
	}
	return p.commit()
}

// piece is lines that go into FILE in one write.
type piece struct {
	c       *chain
	enc     encoder
	out     []byte
	next    head // where the log will end with them
	started bool
	bodies  int // of the caller's, in out
	done    int // of the caller's, in FILE
}

func (p *piece) start() {
	if p.started {
		return
	}
	p.started, p.next, p.out = true, p.c.head, p.out[:0]
	if p.c.broken {
		p.out = append(p.out, '\n') // what stands there is no line, and stays as it is
	}
}

// own adds what the log has to say of itself.
func (p *piece) own(found ...Detail) {
	for _, d := range found {
		p.add(p.enc.body(nil, &Event{PID: unix.Getpid(), Detail: d}))
	}
}

// line adds a body, and a checkpoint where one is due.
func (p *piece) line(body []byte) error {
	if err := p.room(len(body)); err != nil {
		return err
	}
	p.add(body)
	p.bodies++
	if p.c.key != nil && p.c.lines >= p.c.options.Checkpoint {
		return p.mark()
	}
	return nil
}

func (p *piece) add(body []byte) {
	p.start()
	from := len(p.out)
	p.out = append(appendHead(p.out, p.next.count+1, &p.next.hash), body...)
	p.next.hash = sha256.Sum256(p.out[from:])
	p.out = append(p.out, '\n')
	p.next.count++
	if p.next.count == 1 {
		p.next.log = p.next.hash
	}
	p.next.size = p.c.head.size + int64(len(p.out))
	p.c.lines++
}

// mark adds a checkpoint.
func (p *piece) mark() error {
	p.start()
	p.next.size = p.c.head.size + int64(len(p.out))
	text, err := p.next.signed(checkpointTitle, p.c.key)
	if err != nil {
		return failed("sign", p.c.path, err)
	}
	p.own(&Checkpoint{Note: string(text)})
	p.c.lines = 0
	return nil
}

// room rotates, when a line of this length would make FILE too large.
func (p *piece) room(body int) error {
	p.start()
	most := p.c.options.MaxSize
	const head = len(lineHead) + 2*len(Hash{}) + 40
	at := p.c.head.size + int64(len(p.out))
	if most == 0 || at+int64(body+head) <= most {
		return nil
	}
	if err := p.commit(); err != nil {
		return err
	}
	found, err := p.c.rotate()
	if err != nil {
		return err
	}
	p.own(found...)
	return nil
}

// commit writes what is gathered, and then the head. What a full disk took of it
// is cut off again.
func (p *piece) commit() error {
	c := p.c
	if !p.started || len(p.out) == 0 {
		return nil
	}
	before, err := c.size()
	if err != nil {
		return err
	}
	n, err := c.file.Write(p.out)
	if err != nil {
		if n > 0 {
			err = errors.Join(err, unix.Ftruncate(int(c.file.Fd()), before))
		}
		c.text = nil
		return failed("append to", c.path, err)
	}
	c.head, c.broken, p.started = p.next, false, false
	p.done, p.bodies = p.done+p.bodies, 0
	if c.options.Sync == SyncEach {
		if err := c.sync(); err != nil {
			return err
		}
	}
	return c.writeHead()
}

// sync is of the lines: a head that is behind them is mended by the next writer.
func (c *chain) sync() error { return failed("sync", c.path, unix.Fdatasync(int(c.file.Fd()))) }
