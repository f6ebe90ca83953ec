// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"runtime"
	"runtime/pprof"
	"time"
)

func a(c chan int) { <-c }
func b(c chan int) { c <- 1 }
func main() {
	c, d := make(chan int), make(chan int)
	for i := 0; i < 7; i++ {
		go a(c)
	}
	for i := 0; i < 2; i++ {
		go b(d)
	}
	for _, v := range []string{"x", "y"} {
		pprof.Do(context.Background(), pprof.Labels("k", v), func(context.Context) { go a(c) })
	}
	time.Sleep(100 * time.Millisecond)
	runtime.Breakpoint()
}
