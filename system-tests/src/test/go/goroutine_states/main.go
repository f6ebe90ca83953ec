// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"
import "sync"
import "time"

func waits(ch chan int) {
	<-ch
}

func main() {
	ch := make(chan int)
	var mu sync.Mutex
	mu.Lock()
	go waits(ch)
	go func() { mu.Lock() }()
	go func() { time.Sleep(time.Hour) }()
	go func() { select {} }()
	time.Sleep(100 * time.Millisecond)
	runtime.Breakpoint()
	ch <- 1
}
