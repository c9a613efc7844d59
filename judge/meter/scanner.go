package meter

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// scanner reads one line of JSON. encoding/json takes three times as long for a
// million records, and keeps no place for what 64 bits do not hold.
type scanner struct {
	text []byte
	at   int
}

// mostDeep bounds the recursion into what is passed over.
const mostDeep = 32

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// peek gives the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// take passes over c and the space behind it, if c comes next.
func (s *scanner) take(c byte) bool {
	if s.peek() != c || s.at == len(s.text) {
		return false
	}
	s.at++
	s.space()
	return true
}

func (s *scanner) malformed(hint string) error {
	return &Error{Key: "", Value: string(s.text[s.at:min(s.at+40, len(s.text))]), Err: ErrSyntax, Hint: hint}
}

// object gives each key to member, which must read the value.
func (s *scanner) object(member func(*scanner, []byte) error) error {
	if s.space(); !s.take('{') {
		return s.malformed("want an object {…}")
	}
	for first := true; ; first = false {
		if s.take('}') {
			return nil
		}
		if !first && !s.take(',') {
			return s.malformed("want , or }")
		}
		if first || s.peek() == '"' {
			if err := s.pair(member); err != nil {
				return err
			}
			continue
		}
		return s.malformed("want a key")
	}
}

func (s *scanner) pair(member func(*scanner, []byte) error) error {
	if s.peek() != '"' {
		return s.malformed("want a key")
	}
	key, err := s.string()
	if err != nil {
		return err
	}
	if s.space(); !s.take(':') {
		return s.malformed("want : behind a key")
	}
	if err := member(s, key); err != nil {
		return err
	}
	s.space()
	return nil
}

// string reads a string that comes next. Without an escape it is a part of the
// line.
func (s *scanner) string() ([]byte, error) {
	body := s.text[s.at+1:]
	end := bytes.IndexByte(body, '"')
	if end < 0 {
		return nil, s.malformed("a string has no end")
	}
	plain := true
	for _, c := range body[:end] {
		plain = plain && c >= ' ' && c < utf8.RuneSelf && c != '\\'
	}
	if plain {
		s.at += end + 2
		return body[:end], nil
	}
	return s.escaped()
}

// escaped leaves the rare to the library.
func (s *scanner) escaped() ([]byte, error) {
	end := s.at + 1
	for end < len(s.text) && s.text[end] != '"' {
		if s.text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(s.text) {
		return nil, s.malformed("a string has no end")
	}
	raw := s.text[s.at : end+1]
	var text string
	if !utf8.Valid(raw) {
		return nil, s.malformed("JSON is UTF-8 by definition")
	}
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, s.malformed("a string holds what JSON does not allow")
	}
	s.at = end + 1
	return []byte(text), nil
}

// token is what stands up to the next sign of the syntax.
func (s *scanner) token() []byte {
	end := s.at
	for end < len(s.text) {
		switch s.text[end] {
		case ',', '}', ']', ' ', '\t', '\r', '\n':
			return s.text[s.at:end]
		}
		end++
	}
	return s.text[s.at:end]
}

// skip passes over a value of any kind.
func (s *scanner) skip(depth int) error {
	switch c := s.peek(); {
	case depth > mostDeep:
		return s.malformed("a record is not so deep")
	case c == '{':
		return s.object(func(s *scanner, _ []byte) error { return s.skip(depth + 1) })
	case c == '[':
		return s.list(depth)
	case c == '"':
		_, err := s.string()
		return err
	}
	token := s.token()
	if !json.Valid(token) {
		return s.malformed("want a value")
	}
	s.at += len(token)
	return nil
}

func (s *scanner) list(depth int) error {
	s.take('[')
	if s.take(']') {
		return nil
	}
	for {
		if err := s.skip(depth + 1); err != nil {
			return err
		}
		s.space()
		switch {
		case s.take(']'):
			return nil
		case !s.take(','):
			return s.malformed("want , or ]")
		}
	}
}
