//go:build guest

package posture

import (
	"context"
	"os"
)

// Build copies the reporter that the guest was given.
func Build(_ context.Context, to string) error {
	b, err := os.ReadFile(Built)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o755)
}
