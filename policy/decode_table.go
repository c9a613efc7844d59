package policy

import (
	"errors"
	"path/filepath"
	"strconv"

	"github.com/jailrun/jail/internal/size"
)

// layers reads [layers], whose keys are the layers' names.
func (d *decoder) layers(key string, n *node) {
	if !d.want(key, n, kindTable) {
		return
	}
	for _, p := range n.keys {
		err := checkLevel(Layer(p.name), Level(p.val.text))
		switch {
		case errors.Is(err, ErrUnknownKey):
			e := placed(err)
			e.Value = ""
			d.fail(p.off, join(key, quoteKey(p.name)), e)
		case !d.want(join(key, p.name), p.val, kindString):
		case p.val.text == "":
			d.fail(p.val.off, join(key, p.name), fault("", ErrMissing, "use "+orList(words(levels[:]))))
		case err != nil:
			d.fail(p.val.off, join(key, p.name), err)
		default:
			d.out.setLayer(Layer(p.name), Level(p.val.text))
		}
	}
}

// limits reads [limits] by the table of limits.
func (d *decoder) limits(key string, n *node) {
	if !d.want(key, n, kindTable) {
		return
	}
	for _, p := range n.keys {
		row := limitRow(p.name)
		if row == nil {
			d.fail(p.off, join(key, quoteKey(p.name)), fault("", ErrUnknownKey, nearestHint(p.name, limitKeys())))
			continue
		}
		to := row.field(&d.out.Limits)
		err := wrongType(to, p.val)
		if err == nil {
			err = set(to, p.val.text)
		}
		if err == nil {
			err = row.possible(&d.out.Limits)
		}
		if err != nil {
			d.fail(p.val.off, join(key, p.name), err)
		}
	}
}

// wrongType says whether a limit can't be read from this kind of value. A bare
// number for a time passes here: parsing it says which unit to write.
func wrongType(to any, n *node) error {
	want, ok := "", n.kind == kindString
	switch to.(type) {
	case *size.Bytes:
		want, ok = `a size as "64M", an integer of bytes`, ok || n.kind == kindInt
	case *int64:
		want, ok = "an integer", n.kind == kindInt || n.text == unlimited && ok
	case *string, *Action:
		want = string(kindString)
	case *Swap, *Sizes:
		want, ok = `a size as "64M", an integer of bytes`, ok || n.kind == kindInt
	case *Counts:
		want, ok = "an integer", ok || n.kind == kindInt
	case *Percent:
		want, ok = `a part of one core's time as "30%"`, ok || n.kind == kindInt || n.kind == kindFloat
	default:
		want, ok = `a time as "2s"`, ok || n.kind == kindInt || n.kind == kindFloat
	}
	if ok {
		return nil
	}
	if _, list := to.(*string); !list {
		want += ` or "unlimited"`
	}
	return fault("", ErrType, "want "+want+", got "+string(n.kind))
}

// env reads a list of NAME=VALUE, or a table of names.
func (d *decoder) env(key string, n *node) {
	if n.kind != kindTable {
		d.strings(key, n, func(item *node) { d.out.Env = append(d.out.Env, item.text) }, checkEnv)
		return
	}
	for _, p := range n.keys {
		k := join(key, quoteKey(p.name))
		if err := checkEnvName(p.name); err != nil {
			d.fail(p.off, k, err)
			continue
		}
		if !d.want(k, p.val, kindString) {
			continue
		}
		pair := p.name + "=" + p.val.text
		if err := checkEnv(pair); err != nil {
			d.fail(p.val.off, k, err)
			continue
		}
		d.out.Env = append(d.out.Env, pair)
	}
}

// files reads [[files]].
func (d *decoder) files(key string, n *node) {
	if !d.want(key, n, kindList) {
		return
	}
	for i, item := range n.list {
		key := index(key, i)
		if !d.want(key, item, kindTable) {
			continue
		}
		before := len(d.errs)
		f := d.fileOf(key, item)
		if len(d.errs) > before {
			continue
		}
		f.check(func(field string, err error) { d.fail(placeOf(item, field), join(key, field), err) })
		line, _ := position(d.data, item.off)
		f.Origin = d.file + ":" + strconv.Itoa(line)
		d.out.Files = addFile(d.out.Files, f)
	}
}

// placeOf is where a table's key has its value, else where the table starts.
func placeOf(table *node, key string) int {
	if n := table.get(key); n != nil {
		return n.off
	}
	return table.off
}

// fileOf reads one table of files.
func (d *decoder) fileOf(key string, n *node) File {
	var f File
	any := func(string) error { return nil } // File.check says more, once all is read
	d.table(key, n, []field{
		{"kind", func(d *decoder, key string, n *node) { decodeEnum(d, key, n, &f.Kind, kinds[:]) }},
		{"source", func(d *decoder, key string, n *node) { d.text(key, n, &f.Source, any) }},
		{"target", func(d *decoder, key string, n *node) { d.text(key, n, &f.Target, any) }},
		{"to", func(d *decoder, key string, n *node) { d.text(key, n, &f.To, any) }},
		{"optional", func(d *decoder, key string, n *node) { d.flag(key, n, &f.Optional) }},
		{"reason", func(d *decoder, key string, n *node) { d.text(key, n, &f.Reason, any) }},
		{"size", func(d *decoder, key string, n *node) {
			err := wrongType(&f.Size, n)
			if err == nil {
				err = set(&f.Size, n.text)
			}
			if err != nil {
				d.fail(n.off, key, err)
			}
		}},
	})
	if f.Source != "" && !filepath.IsAbs(f.Source) {
		f.Source = filepath.Join(d.dir, f.Source)
	}
	return f
}

// stateSize reads a size that is no limit of the table.
func (d *decoder) stateSize(key string, n *node) {
	err := wrongType(&d.out.StateSize, n)
	if err == nil {
		err = assign(&d.out.StateSize, n.text, parseSize)
	}
	if err != nil {
		d.fail(n.off, key, err)
	}
}
