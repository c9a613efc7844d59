package audit

// Severity says how much an event wants to be looked at.
type Severity uint8

// The severities.
const (
	Plain  Severity = iota // as expected
	Worth                  // somebody was refused something, or ended
	Broken                 // the record is not what it should be
)

// Severity is a type's: all sinks say it in their own words.
func (t Type) Severity() Severity {
	switch t {
	case TypeTamper, TypeDrop:
		return Broken
	case TypeDenial, TypeLimit, TypeKill, TypeRecover:
		return Worth
	}
	return Plain
}
