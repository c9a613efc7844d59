// Package container holds jail, inside of a container that nobody gave rights
// to, to what docs/containers.md says. Its tests need podman and root, and the
// tag container: "make test-container".
package container
