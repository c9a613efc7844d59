package planted

import "os"

func inATest() error { return os.WriteFile("result", nil, 0o666) }
