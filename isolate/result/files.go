package result

// Image is the image of the store that a program saw instead of the host's system.
type Image struct {
	ID     string   `json:"id"`     // "sha256:" and the digest of its configuration
	Name   string   `json:"name"`   // as it was found, with its tag; "" where it was named by its ID
	Layers []string `json:"layers"` // the digests of its layers, the lowest first
}

// Direction is the way that files were copied.
type Direction string

// The directions.
const (
	CopiedIn  Direction = "in"  // into the jail, before the program began
	CopiedOut Direction = "out" // out of the jail, when all its processes had ended
)

// Copied is one copy of files that was asked for.
type Copied struct {
	Direction Direction `json:"direction"`  // "in" or "out"
	Path      string    `json:"path"`       // inside
	Source    string    `json:"source"`     // what of the host's was copied in, as it was named; "" for what is none of its files
	Files     int64     `json:"files"`      // that were copied
	Bytes     int64     `json:"size_bytes"` // of them
	Skipped   int64     `json:"skipped"`    // links and special files that were left out
	Truncated bool      `json:"truncated"`  // a limit cut it
	Error     string    `json:"error"`      // why it failed; "" when it did not
}

func (w *writer) image(i *Image) {
	if i == nil {
		w.null("image")
		return
	}
	w.open("image")
	w.str("id", i.ID)
	w.str("name", i.Name)
	texts(w, "layers", i.Layers)
	w.close()
}

func (w *writer) copied(list []Copied) {
	if list == nil {
		w.null("copied")
		return
	}
	w.key("copied")
	w.b = append(w.b, '[')
	for i := range list {
		c := &list[i]
		w.element()
		w.b = append(w.b, '{')
		w.str("direction", string(c.Direction))
		w.str("path", c.Path)
		w.str("source", c.Source)
		w.num("files", c.Files)
		w.num("size_bytes", c.Bytes)
		w.num("skipped", c.Skipped)
		w.bool("truncated", c.Truncated)
		w.str("error", c.Error)
		w.close()
	}
	w.b = append(w.b, ']')
}
