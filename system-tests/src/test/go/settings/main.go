// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"os"
)

type worker struct{ name string }

func (w *worker) done(code int) {
	fmt.Println("done", w.name, code)
}

func inner(n int) {
	defer fmt.Println("inner ends", n)
	defer func() {
		if r := recover(); r != nil {
			fmt.Println("recovered", r)
		}
	}()
	stop(n)
}

func stop(n int) {
	fmt.Fprintln(os.Stderr, "here", n)
}

func loops() {
	for i := 0; i < 3; i++ {
		defer func(k int) {
			fmt.Println("loop", k)
		}(i)
	}
	stop(7)
}

func main() {
	w := &worker{"w"}
	defer w.done(3)
	inner(1)
	loops()
	go func() {
		go func() {
			stop(8)
		}()
		select {}
	}()
	select {}
}
