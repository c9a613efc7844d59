//go:build !library

package main

import (
	"context"
	"errors"
)

var errNoLibrary = errors.New(`built without the library: add "-tags library"`)

func libraryRun(context.Context, *lab) ([]figure, error)  { return nil, errNoLibrary }
func libraryHeap(context.Context, *lab) ([]figure, error) { return nil, errNoLibrary }

func amongLibrary(context.Context, orders) (duel, error) { return duel{}, errNoLibrary }
func amongHeap(context.Context, orders) (duel, error)    { return duel{}, errNoLibrary }
