// Package guest holds tests of what jail makes of a kernel, which run in the
// guests of test-vm alone (the build tag guest): each shows what the kernel
// refuses a jail's program, or that this kernel can't.
package guest
