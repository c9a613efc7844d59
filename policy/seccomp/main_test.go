package seccomp

import (
	"os"
	"testing"
)

// roleVariable makes the test binary one of the children that install a filter
// for good, since nothing can take a filter off a process.
const roleVariable = "SECCOMP_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "calls":
		os.Exit(callsChild())
	case "exec":
		os.Exit(execChild())
	}
	os.Exit(m.Run())
}
