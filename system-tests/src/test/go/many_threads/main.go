// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"
import "sync"

func spin(id int, wg *sync.WaitGroup) {
	runtime.LockOSThread()
	sum := 0
	for i := 0; i < 1000; i++ {
		sum += hot(i)
	}
	wg.Done()
	_ = sum
}

func hot(i int) int {
	return i & 3
}

func main() {
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go spin(i, &wg)
	}
	wg.Wait()
	println("all")
}
