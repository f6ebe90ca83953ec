// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

func main() {
	ch := make(chan int, 3)
	ch <- 1
	ch <- 2
	unbuffered := make(chan string)
	var none chan int
	recv := (<-chan int)(ch)
	runtime.Breakpoint()
	println(ch, unbuffered, none, recv)
}
