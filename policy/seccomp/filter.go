package seccomp

//go:generate go run gen.go

// Filter is one instruction of classic BPF, laid out as struct sock_filter.
type Filter struct {
	Code   uint16
	Jt, Jf uint8 // instructions to skip when true, when false
	K      uint32
}

// MaxLen is the most instructions that the kernel takes (BPF_MAXINSNS).
const MaxLen = 4096

// filterSize is sizeof(struct sock_filter).
const filterSize = 8

// Default is DefaultRules compiled. Nothing is compiled at run time: the bytes
// are part of the program.
func Default(o Options) []Filter { return decode(DefaultBytes(o)) }

// DefaultBytes is Default as the kernel reads it, eight bytes an instruction.
func DefaultBytes(o Options) string { return Variant{}.Bytes(o) }

// Init is InitRules compiled. It has no listener: process 1 answers to none.
func Init() []Filter { return decode(InitBytes()) }

// InitBytes is Init as the kernel reads it.
func InitBytes() string { return initAlone }

// SupervisorBytes is SupervisorRules compiled, as the kernel reads it.
func SupervisorBytes() string { return supervisorAlone }

// Bytes is the program as the kernel reads it, little endian.
func Bytes(prog []Filter) []byte {
	b := make([]byte, 0, len(prog)*filterSize)
	for _, f := range prog {
		b = append(b, byte(f.Code), byte(f.Code>>8), f.Jt, f.Jf,
			byte(f.K), byte(f.K>>8), byte(f.K>>16), byte(f.K>>24))
	}
	return b
}

func decode(s string) []Filter {
	prog := make([]Filter, len(s)/filterSize)
	for i := range prog {
		b := s[i*filterSize:]
		prog[i] = Filter{
			Code: uint16(b[0]) | uint16(b[1])<<8,
			Jt:   b[2],
			Jf:   b[3],
			K:    uint32(b[4]) | uint32(b[5])<<8 | uint32(b[6])<<16 | uint32(b[7])<<24,
		}
	}
	return prog
}
